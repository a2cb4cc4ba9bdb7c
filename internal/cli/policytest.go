package cli

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/internal/policy"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// policyTest is one run of policy test.
type policyTest struct {
	settings policySettings
	run      string
	coverage bool
	verbose  bool
	format   string
}

func (a *app) policyTestCommand() *cobra.Command {
	var t policyTest
	cmd := &cobra.Command{
		Use:   "test DIR…",
		Short: "Run the tests of policies",
		Long: `Test runs gator's suites (kind: Suite, group test.gatekeeper.sh) and the rules
whose names start with test_, as conftest verify and opa test do. Nothing but the
policies and the files the suites name is read.`,
		Example: `  bulkhead policy test policy/
  bulkhead policy test policy/ --coverage       the lines no test evaluates
  bulkhead policy test policy/ --run allowed    tests whose name matches`,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&t.run, "run", "", "run only tests whose name matches this regular `expression`")
	f.BoolVar(&t.coverage, "coverage", false, "print how much of each policy the tests evaluate, and which lines they do not")
	f.BoolVarP(&t.verbose, "verbose", "v", false, "print tests that pass, too")
	f.StringSliceVar(&t.settings.data, "data", nil, "give policies this `file` or folder as data")
	f.StringVarP(&t.format, "output", "o", "text", "write `FORMAT`: text or json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := falcoFormat(t.format); err != nil {
			return err
		}
		if len(args) == 0 {
			return usage("bulkhead policy test policy/", "policy test needs a folder with policies")
		}
		var only *regexp.Regexp
		if t.run != "" {
			var err error
			if only, err = regexp.Compile(t.run); err != nil {
				return usage("", "--run: %w", err)
			}
		}
		t.settings.paths = args
		o := t.settings.options()
		o.Tests = true
		set, err := policy.Load(o)
		if err != nil {
			return err
		}
		results, coverage, err := set.Test(cmd.Context(), only)
		if err != nil {
			return err
		}
		return a.tested(&t, results, coverage)
	}
	return cmd
}

// tested prints the outcome of tests.
func (a *app) tested(t *policyTest, results []policy.TestResult, coverage []policy.Coverage) error {
	failed, skipped := 0, 0
	for _, r := range results {
		switch {
		case r.Skipped:
			skipped++
		case r.Err != nil:
			failed++
		}
	}
	if failed > 0 {
		a.code = report.ExitFound
	}
	if len(results) == 0 {
		a.code = report.ExitNotDone // tests that are not there must not pass for tests that pass
	}
	if t.format == "json" {
		return a.testedJSON(results, coverage)
	}
	var b bytes.Buffer
	for _, r := range results {
		switch {
		case r.Err != nil:
			fmt.Fprintf(&b, "%s\n", report.Printable("fail "+r.Name))
			for line := range strings.SplitSeq(r.Err.Error(), "\n") {
				fmt.Fprintf(&b, "     %s\n", report.Printable(line))
			}
		case r.Skipped && t.verbose:
			fmt.Fprintf(&b, "%s\n", report.Printable("skip "+r.Name))
		case t.verbose:
			fmt.Fprintf(&b, "%s\n", report.Printable("pass "+r.Name))
		}
	}
	if t.coverage {
		for _, c := range coverage {
			fmt.Fprintf(&b, "%s\n", report.Printable(fmt.Sprintf("%s: %d of %d lines", c.File, c.Covered, c.Lines)))
			for _, m := range missed(c) {
				fmt.Fprintf(&b, "     %s\n", report.Printable(m+": no test evaluates it"))
			}
		}
	}
	summary := fmt.Sprintf("%d of %s passed", len(results)-failed-skipped, report.Count(len(results)-skipped, "test"))
	if skipped > 0 {
		summary += fmt.Sprintf(", %d skipped", skipped)
	}
	fmt.Fprintln(&b, summary)
	_, err := b.WriteTo(a.stdout)
	return err
}

// missed returns the lines of what c does not cover, each once.
func missed(c policy.Coverage) []string {
	var out []string
	for _, m := range c.Missed {
		out = append(out, lines(m))
	}
	return slices.Compact(out)
}

// lines returns the lines of a place: "policy.rego:3-5".
func lines(s source.Span) string {
	if !s.IsValid() {
		return "?"
	}
	first, last := s.Position(), s.EndPosition()
	if first.Line == last.Line {
		return fmt.Sprintf("%s:%d", first.Filename, first.Line)
	}
	return fmt.Sprintf("%s:%d-%d", first.Filename, first.Line, last.Line)
}

// A testedReport is what policy test says in JSON. Version 1.
type testedReport struct {
	Version  int              `json:"version"`
	Tests    []testedOne      `json:"tests"`
	Coverage []testedCoverage `json:"coverage"`
}

type testedOne struct {
	Name    string `json:"name"`
	Outcome string `json:"outcome"` // pass, fail, skip
	Message string `json:"message,omitempty"`
}

type testedCoverage struct {
	File    string   `json:"file"`
	Covered int      `json:"covered"`
	Lines   int      `json:"lines"`
	Missed  []string `json:"missed"`
}

func (a *app) testedJSON(results []policy.TestResult, coverage []policy.Coverage) error {
	out := testedReport{Version: 1, Tests: []testedOne{}, Coverage: []testedCoverage{}}
	for _, r := range results {
		one := testedOne{Name: r.Name, Outcome: "pass"}
		switch {
		case r.Skipped:
			one.Outcome = "skip"
		case r.Err != nil:
			one.Outcome, one.Message = "fail", r.Err.Error()
		}
		out.Tests = append(out.Tests, one)
	}
	for _, c := range coverage {
		one := testedCoverage{File: filepath.ToSlash(c.File), Covered: c.Covered, Lines: c.Lines, Missed: []string{}}
		one.Missed = append(one.Missed, missed(c)...)
		out.Coverage = append(out.Coverage, one)
	}
	return writeJSON(a.stdout, out)
}
