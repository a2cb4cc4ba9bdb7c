package build

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/dockerfile"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

const caseDir = "../../../../shared/data/cases"

// A labelled is one case of another tool: a Dockerfile and whether its rule
// fires on it.
type labelled struct {
	RuleID   string `json:"rule_id"`
	Expected string // fire, clean
	Lines    []int  // where it fires; none where the tool does not say
	Text     string
	Wrap     string // "onbuild": every RUN is to be one of ONBUILD

	line int // of the file of cases
}

// TestConformance compares the rules with what other tools say of their own
// examples. Every disagreement is one of those listed as meant.
func TestConformance(t *testing.T) {
	for _, tt := range []struct {
		tool, file string
		agree      int // cases, at least
	}{
		{"hadolint", "hadolint.jsonl", 0},
		{"kics", "kics-dockerfile.jsonl", 0},
		{"buildkit", "buildkit-dockerfile.jsonl", 0},
		{"trivy", "trivy-dockerfile-examples.jsonl", 0},
	} {
		t.Run(tt.tool, func(t *testing.T) {
			agree := conform(t, tt.tool, readCases(t, tt.file))
			if agree < tt.agree {
				t.Errorf("%d cases agree, want %d", agree, tt.agree)
			}
		})
	}
}

// conform judges cases by the rules that refer to them, reports disagreements
// that are not meant and returns how many agree.
func conform(t *testing.T, tool string, cases []labelled) int {
	meant := map[int]string{}
	for _, d := range disagreements {
		for _, line := range d.lines[tool] {
			meant[line] = d.reason
		}
	}
	tally := map[string]*[4]int{} // fires agreed, fires, clean agreed, clean
	agreed := 0
	for _, c := range cases {
		rules := referring(tool, c.RuleID)
		if len(rules) == 0 {
			continue
		}
		if tally[c.RuleID] == nil {
			tally[c.RuleID] = new([4]int)
		}
		at := 0
		if c.Expected == "clean" {
			at = 2
		}
		tally[c.RuleID][at+1]++
		problem := judge(c, rules)
		reason, known := meant[c.line]
		switch {
		case problem == "":
			tally[c.RuleID][at]++
			agreed++
			if known {
				t.Errorf("line %d (%s) agrees, but is listed: %s", c.line, c.RuleID, reason)
			}
		case !known:
			t.Errorf("line %d (%s): %s", c.line, c.RuleID, problem)
		}
	}
	total := 0
	for _, id := range slices.Sorted(maps.Keys(tally)) {
		n := tally[id]
		total += n[1] + n[3]
		t.Logf("%-60s fires %d/%d, clean %d/%d", id, n[0], n[1], n[2], n[3])
	}
	t.Logf("%d of %d cases agree", agreed, total)
	return agreed
}

// referring returns the rules that refer to a rule of another tool; "*" is
// every rule that refers to the tool.
func referring(tool, id string) []*rule.Rule {
	var out []*rule.Rule
	for _, r := range All {
		if slices.ContainsFunc(r.Refs, func(ref string) bool {
			return ref == tool+" "+id || id == "*" && strings.HasPrefix(ref, tool+" ")
		}) {
			out = append(out, r)
		}
	}
	return out
}

// judge says in what rules disagree with c, "" where they do not.
func judge(c labelled, rules []*rule.Rule) string {
	b := readBuild(c)
	var found []finding.Finding
	for _, r := range rules {
		found = append(found, rule.Run(r, &model.System{Builds: []*model.Build{b}})...)
	}
	switch {
	case c.Expected == "fire" && len(found) == 0:
		return "silent, want a finding"
	case c.Expected == "clean" && len(found) > 0:
		return fmt.Sprintf("found %q (%s), want nothing", found[0].Message, found[0].Rule)
	}
	for _, f := range found {
		if len(c.Lines) > 0 && !onLine(b, f, c.Lines) {
			return fmt.Sprintf("found at %s, want lines %v", f.Span.Position(), c.Lines)
		}
	}
	return ""
}

// onLine reports whether f, or the instruction it is in, starts on one of
// lines: the other tools name the line of the instruction.
func onLine(b *model.Build, f finding.Finding, lines []int) bool {
	if slices.Contains(lines, f.Span.Position().Line) {
		return true
	}
	for _, i := range b.Instructions {
		if i.Span.Start <= f.Span.Start && f.Span.End <= i.Span.End && slices.Contains(lines, i.Span.Position().Line) {
			return true
		}
	}
	return false
}

func readBuild(c labelled) *model.Build {
	text := c.Text
	if c.Wrap == "onbuild" {
		text = strings.ReplaceAll("\n"+text, "\nRUN ", "\nONBUILD RUN ")
	}
	if !strings.Contains(strings.ToUpper("\n"+text), "\nFROM ") {
		text = "FROM debian\n" + text
	}
	return dockerfile.Read(source.NewFile("Dockerfile", []byte(text)), dockerfile.Options{}).Builds[0]
}

func readCases(t *testing.T, name string) []labelled {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(caseDir, name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the cases of other tools are not here: " + caseDir)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out []labelled
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		c := labelled{line: n}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatalf("%s:%d: %v", name, n, err)
		}
		out = append(out, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// A disagreement is why some cases, by their lines in the files of cases, are
// judged otherwise on purpose.
type disagreement struct {
	reason string
	lines  map[string][]int
}

var disagreements = []disagreement{}
