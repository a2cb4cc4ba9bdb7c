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
		{"hadolint", "hadolint.jsonl", 743},
		{"kics", "kics-dockerfile.jsonl", 190},
		{"buildkit", "buildkit-dockerfile.jsonl", 46},
		{"trivy", "trivy-dockerfile-examples.jsonl", 35},
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
		if len(rules) == 0 || strings.Contains(c.Text, "check=skip") { // what a comment silences is not a rule's matter
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
	found = slices.DeleteFunc(found, func(f finding.Finding) bool { return !strings.HasPrefix(f.Message, about[c.RuleID]) })
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
	if !slices.ContainsFunc(strings.Split(strings.ToUpper(text), "\n"), func(line string) bool {
		return strings.HasPrefix(strings.TrimSpace(line), "FROM ")
	}) {
		text = "FROM debian\n" + text // as the tool's tests run it
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

var disagreements = []disagreement{
	{"the stage does not end up in the image", map[string][]int{"hadolint": {71, 79, 902}}},
	{"the variable may come from the base", map[string][]int{"hadolint": {473, 627}}},
	{"the shell of a health check has no signals to pass on", map[string][]int{"hadolint": {381}}},
	{"a shell that is told pipefail and does not know it fails at once", map[string][]int{"hadolint": {1025}}},
	{"without a version, install and run take that of go.mod", map[string][]int{"hadolint": {912, 913, 936, 937}}},
	{"what an argument without a value adds is not known", map[string][]int{"kics": {3, 4}}},
	{"starting another shell does not replace sh", map[string][]int{"kics": {51}}},
	{"every stage is judged, not only the last", map[string][]int{"kics": {147, 152, 157}}},
	{"latest is no version", map[string][]int{"kics": {176, 177}}},
	{"the pipe is run by sh, whatever its first command is", map[string][]int{"kics": {214, 215}}},
	{"the lists are fetched and nothing in the layer uses them", map[string][]int{"kics": {246, 248}}},
	{"reported where the lists are fetched, not where packages are installed", map[string][]int{"kics": {251, 252, 253, 257, 258}}},
	{"the update of yum and dnf installs packages", map[string][]int{"kics": {254, 255}}},
	{"pacman is not read", map[string][]int{"kics": {256}}},
	{"a relative path below an absolute one of the file is known", map[string][]int{"kics": {269, 270}}},
	{"the two commands are one: nothing sets them apart", map[string][]int{"kics": {271, 273, 274, 275}}},
	{"the lines of the case are those of another text", map[string][]int{"buildkit": {56, 57}}},
	{"the case leaves out the warnings it is about", map[string][]int{"buildkit": {67, 68}}},
	{"every stage is judged, not only the last", map[string][]int{"buildkit": {72}}},
	{"the case passes build arguments it leaves out", map[string][]int{"buildkit": {79}}},
}

// about says how the messages begin that answer one rule of another tool,
// where ours covers several of them.
var about = map[string]string{
	"apk_add_using_local_cache_path":         "apk ",
	"apt_get_install_lists_were_not_deleted": "apt",
	"pip_install_keeping_cached_packages":    "pip ",
	"yum_clean_all_missing":                  "yum ",
	"missing_dnf_clean_all":                  "dnf ",
	"missing_zypper_clean":                   "zypper ",
	"missing_zypper_non_interactive_switch":  "zypper ",
	"yum_install_allows_manual_input":        "yum ",
}
