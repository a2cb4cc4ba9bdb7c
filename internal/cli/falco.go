package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bulkhead/internal/falco"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
	"bulkhead/internal/source"
)

func (a *app) falcoCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "falco",
		Short: "Check Falco rules, and try them on recorded events",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return usage("bulkhead falco lint FILE… or bulkhead falco test FILE… --events FILE", "falco needs a command")
		},
	}
	cmd.AddCommand(a.falcoLintCommand(), a.falcoTestCommand())
	return cmd
}

func (a *app) falcoLintCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "lint RULES…",
		Short: "Say what is wrong with Falco rules, with line and column",
		Long: `Lint reads rule files in the order given, as Falco does, and prints every error
and warning with its place, inside a folded condition too. Codes in capitals are
Falco's own; the others are faults Falco does not see, such as a rule about
connections that leaves out IPv4, or fields that bulkhead watch does not have
(not-seen). The rules of bulkhead watch are called default.`,
		Example: `  bulkhead falco lint my_rules.yaml
  bulkhead falco lint falco_rules.yaml my_rules.yaml    mine build on upstream's
  bulkhead falco lint default exceptions.yaml           on those of bulkhead watch
  bulkhead falco lint -o json my_rules.yaml`,
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "write `FORMAT`: text or json")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if err := falcoFormat(format); err != nil {
			return err
		}
		files, err := ruleFiles(args)
		if err != nil {
			return err
		}
		set := falco.Load(files, falco.Options{})
		set.Diagnostics = append(set.Diagnostics, unseen(set)...)
		if set.Err() != nil {
			a.code = report.ExitFound
		}
		if format == "json" {
			return a.lintJSON(set)
		}
		return a.lintText(set)
	}
	return cmd
}

func falcoFormat(format string) error {
	if format == "text" || format == "json" {
		return nil
	}
	return usage("the formats are text and json", "unknown format %q", format)
}

// notSeen is the code of what a rule needs and bulkhead watch does not have.
const notSeen falco.Code = "not-seen"

// unseen returns a warning for each field of a rule that the sensor never has a
// value for: Falco may have one.
func unseen(set *falco.Set) []falco.Diagnostic {
	var found []falco.Diagnostic
	for _, r := range set.Rules {
		for _, ref := range set.Refs(r) {
			if why := sensor.Why(ref); why != "" {
				found = append(found, falco.Diagnostic{
					Code: notSeen, Level: falco.Warning, Span: r.Span, Item: "rule " + strconv.Quote(r.Name),
					Message: ref.Text + " never has a value in bulkhead watch: " + why,
				})
			}
		}
	}
	return found
}

// lintText prints a line for each diagnostic, then what was looked at.
func (a *app) lintText(set *falco.Set) error {
	var b bytes.Buffer
	errs, warnings := 0, 0
	for _, d := range set.Diagnostics {
		item := ""
		if d.Item != "" {
			item = d.Item + ": "
		}
		b.WriteString(report.Printable(fmt.Sprintf("%s: %s: %s%s", d.Span.Position(), d.Code, item, d.Message)) + "\n")
		if d.Level == falco.Error {
			errs++
		} else {
			warnings++
		}
	}
	if _, err := b.WriteTo(a.stdout); err != nil {
		return err
	}
	a.say(fmt.Sprintf("%s, %s, %s: %s, %s", report.Count(len(set.Rules)+set.Skipped, "rule"), report.Count(set.Macros, "macro"),
		report.Count(set.Lists, "list"), report.Count(errs, "error"), report.Count(warnings, "warning")))
	return nil
}

// A lintReport is what lint says in JSON. Version 1.
type lintReport struct {
	Version     int              `json:"version"`
	Engine      string           `json:"engine"`
	Rules       int              `json:"rules"`
	Skipped     int              `json:"skipped"`
	Macros      int              `json:"macros"`
	Lists       int              `json:"lists"`
	Diagnostics []lintDiagnostic `json:"diagnostics"`
}

type lintDiagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Level   string `json:"level"`
	Code    string `json:"code"`
	Item    string `json:"item,omitempty"`
	Message string `json:"message"`
}

func (a *app) lintJSON(set *falco.Set) error {
	out := lintReport{
		Version: 1, Engine: falco.EngineVersion, Rules: len(set.Rules), Skipped: set.Skipped, Macros: set.Macros,
		Lists: set.Lists, Diagnostics: []lintDiagnostic{},
	}
	for _, d := range set.Diagnostics {
		p := d.Span.Position()
		out.Diagnostics = append(out.Diagnostics, lintDiagnostic{p.Filename, p.Line, p.Column, d.Level.String(), string(d.Code), d.Item, d.Message})
	}
	return writeJSON(a.stdout, out)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// falcoTest is one run of falco test.
type falcoTest struct {
	events  string
	rules   []string // the only ones to try; all where empty
	explain bool
	format  string

	set    *falco.Set
	ev     *falco.Evaluator
	failed int
}

func (a *app) falcoTestCommand() *cobra.Command {
	var t falcoTest
	cmd := &cobra.Command{
		Use:   "test RULES… --events FILE",
		Short: "Say which Falco rules match recorded events",
		Long: `Test evaluates rules on events written down one to a line, as JSON objects of
fields, and prints the output of every rule that matches. An event may say which
rules it expects: {"evt.type": "execve", "proc.name": "sh", "expect": ["Shell"]};
where others match, the exit code is 1. The rules of bulkhead watch are called
default.`,
		Example: `  bulkhead falco test my_rules.yaml --events events.jsonl
  bulkhead falco test my_rules.yaml --events events.jsonl --rule Shell --explain`,
	}
	f := cmd.Flags()
	f.StringVar(&t.events, "events", "", "read events from `FILE`; - is standard input")
	f.StringArrayVar(&t.rules, "rule", nil, "try the rule called `NAME` only, also if it is disabled; may be repeated")
	f.BoolVar(&t.explain, "explain", false, "print the checks that decided")
	f.StringVarP(&t.format, "output", "o", "text", "write `FORMAT`: text or json, one object for each match")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := falcoFormat(t.format); err != nil {
			return err
		}
		if t.events == "" {
			return usage("--events FILE names a file with a JSON object on each line", "falco test needs events")
		}
		files, err := ruleFiles(args)
		if err != nil {
			return err
		}
		if err := t.load(files); err != nil {
			return err
		}
		in := cmd.InOrStdin()
		if t.events != "-" {
			file, err := os.Open(t.events)
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }() // it was only read
			in = file
		}
		if err := t.run(in, a.stdout); err != nil {
			return err
		}
		if t.failed > 0 {
			a.code = report.ExitFound
			a.say(report.Count(t.failed, "event") + " did not match what was expected")
		}
		return nil
	}
	return cmd
}

// load loads and chooses the rules. Rules with errors are not tried at all:
// Falco would not start with them.
func (t *falcoTest) load(files []*source.File) error {
	t.set = falco.Load(files, falco.Options{})
	for _, d := range t.set.Diagnostics {
		if d.Level == falco.Error {
			return fmt.Errorf("%s: %s: %s; bulkhead falco lint lists all that is wrong", d.Span.Position(), d.Code, d.Message)
		}
	}
	for _, name := range t.rules {
		if !slices.ContainsFunc(t.set.Rules, func(r *falco.Rule) bool { return r.Name == name }) {
			return usage("", "no rule is called %q", name)
		}
	}
	for _, r := range t.set.Rules {
		if len(t.rules) > 0 {
			r.Enabled = slices.Contains(t.rules, r.Name)
		}
	}
	t.ev = t.set.Compile().Evaluator()
	return nil
}

// maxEvent bounds one line of recorded events.
const maxEvent = 4 << 20

func (t *falcoTest) run(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxEvent)
	w := bufio.NewWriter(out)
	events := 0
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		place := fmt.Sprintf("%s:%d", filepath.ToSlash(t.events), n)
		record, err := t.set.ParseRecord(line)
		if err != nil {
			return errors.Join(w.Flush(), fmt.Errorf("%s: %w", place, err))
		}
		t.one(w, place, record)
		events++
	}
	if events == 0 && lines.Err() == nil { // no event must not pass for events that are as expected
		name := filepath.ToSlash(t.events)
		if name == "-" {
			name = "standard input"
		}
		return fmt.Errorf("%s holds no event", name)
	}
	return errors.Join(lines.Err(), w.Flush())
}

// A testMatch is what falco test says of one event in JSON.
type testMatch struct {
	Event  string   `json:"event"`
	Rule   string   `json:"rule"`
	Output string   `json:"output"`
	Checks []string `json:"checks,omitempty"`
}

// one prints what matches an event.
func (t *falcoTest) one(w *bufio.Writer, place string, record *falco.Record) {
	matched := slices.Clone(t.ev.Match(record))
	var names []string
	for _, r := range matched {
		names = append(names, r.Name)
		output := string(t.ev.AppendOutput(nil, r))
		var checks []string
		if t.explain {
			checks = t.checks(r)
		}
		t.print(w, testMatch{place, r.Name, output, checks})
	}
	if len(matched) == 0 && t.format == "text" {
		t.line(w, place+": no rule matches")
	}
	if t.explain && t.format == "text" {
		t.others(w, place, record, names)
	}
	if record.Expect == nil {
		return
	}
	slices.Sort(names)
	want := slices.Sorted(slices.Values(record.Expect))
	if !slices.Equal(names, want) {
		t.failed++
		if t.format == "text" {
			t.line(w, fmt.Sprintf("%s: expected %s, got %s", place, listed(want), listed(names)))
		}
	}
}

func (t *falcoTest) print(w *bufio.Writer, m testMatch) {
	if t.format == "json" {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		_ = e.Encode(m) // a bufio.Writer keeps its error for Flush
		return
	}
	t.line(w, m.Event+": "+m.Rule+": "+m.Output)
	for _, c := range m.Checks {
		t.line(w, "    "+c)
	}
}

// others explains why rules do not match that were expected or asked for.
func (t *falcoTest) others(w *bufio.Writer, place string, record *falco.Record, matched []string) {
	for _, r := range t.set.Rules {
		asked := slices.Contains(t.rules, r.Name) || slices.Contains(record.Expect, r.Name)
		if !asked || slices.Contains(matched, r.Name) {
			continue
		}
		t.line(w, place+": "+r.Name+" does not match:")
		for _, c := range t.checks(r) {
			t.line(w, "    "+c)
		}
	}
}

// checks returns the checks that decided r, one a line.
func (t *falcoTest) checks(r *falco.Rule) []string {
	_, reasons := t.ev.Explain(r)
	lines := make([]string, len(reasons))
	for i, reason := range reasons {
		value := "it is " + `"` + reason.Value + `"`
		if reason.Missing {
			value = "it has no value"
		}
		lines[i] = fmt.Sprintf("%s: %s is %t: %s", reason.Span.Position(), reason.Check, reason.Verdict, value)
	}
	return lines
}

func (t *falcoTest) line(w *bufio.Writer, s string) { _, _ = w.WriteString(report.Printable(s) + "\n") }

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
