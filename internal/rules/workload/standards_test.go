package workload

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// TestPodSecurityStandards judges the fixtures of the Pod Security Standards:
// a pod that is let in raises no rule that refers to its level, one that is
// refused raises one.
func TestPodSecurityStandards(t *testing.T) {
	const name = "../../../../shared/data/cases/pod-security-v1.37.jsonl"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("the fixtures are not here: %v", err)
	}
	judged := map[string]int{}
	for line := range bytes.Lines(text) {
		var c struct {
			Level, Expect, File string
			Object              json.RawMessage
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		judged[c.Level+" "+c.Expect]++
		got := raised(c.Object, levels[c.Level])
		if want := c.Expect == "fail"; len(got) > 0 != want {
			t.Errorf("%s, %s: got %v, want a finding: %t", c.File, c.Level, got, want)
		}
	}
	for what, atLeast := range map[string]int{"baseline pass": 15, "baseline fail": 34, "restricted pass": 23, "restricted fail": 76} {
		if judged[what] < atLeast {
			t.Errorf("%s: judged %d fixtures, want %d", what, judged[what], atLeast)
		}
	}
	t.Logf("judged %v", judged)
}

// levels holds what a level of the standards asks for: a level includes the
// one below it.
var levels = map[string][]string{
	"baseline":   {"PSS baseline"},
	"restricted": {"PSS baseline", "PSS restricted"},
}

// raised returns the rules that refer to one of refs and are broken by pod.
func raised(pod []byte, refs []string) []string {
	rules := slices.DeleteFunc(slices.Clone(All), func(r *rule.Rule) bool {
		return !slices.ContainsFunc(r.Refs, func(ref string) bool { return slices.Contains(refs, ref) })
	})
	sys := check.System(check.Sources{Files: []*source.File{source.NewFile("pod.json", pod)}})
	var out []string
	for _, f := range check.Findings(rules, sys) {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	return out
}
