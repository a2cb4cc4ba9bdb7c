package cases

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// TestConformance compares our rules with what KICS says of its own Compose
// files and manifests, by rule and by line. Every disagreement is one of those
// listed as meant. Dockerfiles are compared in package rules/build.
func TestConformance(t *testing.T) {
	for _, tt := range []struct {
		file  string
		agree int // cases, at least
	}{
		{"kics-compose.jsonl", 81},
		{"kics-k8s.jsonl", 85},
	} {
		t.Run(tt.file, func(t *testing.T) {
			agree := conform(t, read(t, tt.file))
			if agree < tt.agree {
				t.Errorf("%d cases agree, want %d", agree, tt.agree)
			}
		})
	}
}

// conform judges cases by the rules that refer to theirs, reports the
// disagreements that are not meant, and returns how many agree.
func conform(t *testing.T, cases []labelled) int {
	tally := map[string]*[4]int{} // fires agreed, fires, clean agreed, clean
	agreed, judged := 0, 0
	for _, c := range cases {
		rules := referring("kics " + c.RuleID)
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
		judged++
		problem := c.disagrees(rules)
		reason, known := meant(c.at)
		switch {
		case problem == "":
			tally[c.RuleID][at]++
			agreed++
			if known {
				t.Errorf("%s (%s) agrees, but is listed: %s", c.at, c.RuleID, reason)
			}
		case !known:
			t.Errorf("%s (%s): %s", c.at, c.RuleID, problem)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(tally)) {
		n := tally[id]
		t.Logf("%-60s fires %d/%d, clean %d/%d", id, n[0], n[1], n[2], n[3])
	}
	t.Logf("%d of %d cases agree", agreed, judged)
	return agreed
}

// disagrees says in what rules disagree with c, "" where they do not.
func (c labelled) disagrees(rules []*rule.Rule) string {
	f := c.file()
	sys := system(f)
	found := check.Findings(rules, sys)
	switch {
	case c.Expected == "fire" && len(found) == 0:
		return "silent, want a finding"
	case c.Expected == "clean" && len(found) > 0:
		return fmt.Sprintf("found %q at %s (%s), want nothing", found[0].Message, found[0].Where(), found[0].Rule)
	}
	for _, x := range found {
		if !slices.ContainsFunc(c.Lines, func(line int) bool { return near(x, line) }) {
			return fmt.Sprintf("found %q at %s, want lines %v", x.Message, x.Where(), c.Lines)
		}
	}
	for _, line := range c.Lines {
		if !slices.ContainsFunc(found, func(x finding.Finding) bool { return near(x, line) }) {
			return fmt.Sprintf("silent on line %d of %v", line, c.Lines)
		}
	}
	return ""
}

// near reports whether f and line are the same place. KICS names the line of
// the innermost key that is there; ours is narrower where something is written
// (an item and not its list) and wider where it is missing (the service or
// container, where KICS names one of its keys).
func near(f finding.Finding, line int) bool {
	file, at := f.Span.File, f.Span.Position().Line
	return at == line || encloses(file, line, at) || encloses(file, at, line) || f.Surface == model.Kube && siblings(file, at, line)
}

// encloses reports whether the entry that starts on line outer goes on to line
// inner.
func encloses(f *source.File, outer, inner int) bool {
	if inner <= outer {
		return false
	}
	depth, _ := indent(f, outer)
	for n := outer + 1; n <= inner; n++ {
		if d, item := indent(f, n); d >= 0 && (d < depth || d == depth && !item) {
			return false
		}
	}
	return true
}

// siblings reports whether line is within the mapping that has an entry on
// line at.
func siblings(f *source.File, at, line int) bool {
	depth, item := indent(f, at)
	first := at
	for !item && first > 1 {
		d, i := indent(f, first-1)
		if d >= 0 && d < depth {
			break
		}
		first--
		item = i && d == depth
	}
	for n := first; n <= f.Lines(); n++ {
		d, i := indent(f, n)
		if n > at && d >= 0 && (d < depth || i && d == depth) {
			return false
		}
		if n == line {
			return true
		}
	}
	return false
}

// indent returns how far the key of a line is indented, dashes included, and
// whether it is the first of a list item; -1 for a line without content.
func indent(f *source.File, line int) (int, bool) {
	text := string(f.Line(line))
	key := strings.TrimLeft(text, "- ")
	if strings.TrimSpace(text) == "" || strings.HasPrefix(key, "#") {
		return -1, false
	}
	return len(text) - len(key), strings.HasPrefix(strings.TrimLeft(text, " "), "-")
}

// A disagreement is why some cases, by file and line, are judged otherwise on
// purpose.
type disagreement struct {
	reason string
	file   string
	lines  []int
}

var disagreements = []disagreement{
	{"the list of dropped capabilities is a fault of its own", "kics-compose.jsonl", []int{5}},
	{"label:seccomp:unconfined is a label and no profile", "kics-compose.jsonl", []int{25}},
	{"the low port is the container's; the host's is above 1023 or left to the engine", "kics-compose.jsonl", []int{68, 69, 70, 71, 73, 74, 77}},
	{"Compose refuses ranges of different lengths, which is reported as syntax", "kics-compose.jsonl", []int{75, 76}},
	{"a bound other than five is a bound", "kics-compose.jsonl", []int{80, 81, 82, 83}},
	{"a path in the container, or one of the host that decides nothing", "kics-compose.jsonl", []int{101, 102}},
	{"a volume driver's own mount point, in a file Compose refuses", "kics-compose.jsonl", []int{103}},

	{"reported at the subject, which is what the role is given to", "kics-k8s.jsonl", []int{96}},
	{"pod security policies, which Kubernetes 1.25 removed, are not read", "kics-k8s.jsonl", []int{99, 109, 402}},
	{"the user that is said for the pod is not root", "kics-k8s.jsonl", []int{127}},
	{"reported at the container, not at something of its pod", "kics-k8s.jsonl", []int{132, 320, 416, 448}},
	{"a variable is no reference", "kics-k8s.jsonl", []int{197}},
	{"without a profile that is named, the runtime's default holds", "kics-k8s.jsonl", []int{285}},
	{"a privileged container keeps its capabilities anyway, which is reported", "kics-k8s.jsonl", []int{294}},
	{"the system's own pods mount the host like others", "kics-k8s.jsonl", []int{302}},
	{"paths that decide nothing over the host; persistent volumes are not read", "kics-k8s.jsonl", []int{303, 533}},
	{"wildcards have a rule of their own, and c*e is none", "kics-k8s.jsonl", []int{315, 316}},
	{"a policy of another namespace does not select the pod", "kics-k8s.jsonl", []int{318}},
	{"without types, a policy is about what comes in", "kics-k8s.jsonl", []int{321}},
	{"a liveness probe is a health check", "kics-k8s.jsonl", []int{385}},
	{"an annotation of pod security policies means nothing on a pod", "kics-k8s.jsonl", []int{413}},
	{"a value that comes from a Secret is not written in the manifest", "kics-k8s.jsonl", []int{421}},
}

// meant returns why the case at is judged otherwise, if it is.
func meant(at string) (string, bool) {
	for _, d := range disagreements {
		for _, line := range d.lines {
			if at == fmt.Sprintf("%s:%d", d.file, line) {
				return d.reason, true
			}
		}
	}
	return "", false
}
