package workload

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// beyond says which fixtures of the Pod Security Standards no rule answers,
// and why.
var beyond = []struct{ prefix, why string }{
	{"capabilities_baseline2", "a name in lower case, which no runtime takes for a capability"},
	{"capabilities_baseline3", "CAP_CHOWN, which every container has"},
	{"capabilities_restricted3", "capabilities of the default set, added back one by one"},
	{"hostpathvolumes", "a volume that no container mounts"},
	{"hostprobesandhostlifecycle", "probes that name another host"},
	{"procmount_restricted", "unmasked paths in a user namespace of the pod's own"},
	{"restrictedvolumes", "kinds of volumes"},
	{"runasuser", "uid 0 beside runAsNonRoot, which the kubelet refuses to start"},
	{"selinuxoptions", "types and users of a policy that is not here"},
}

// TestPodSecurityStandards judges the fixtures of the Pod Security Standards:
// a pod that is let in raises no rule that refers to its level, one that is
// refused raises one.
func TestPodSecurityStandards(t *testing.T) {
	const name = "../../../../shared/data/cases/pod-security-v1.37.jsonl"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Skipf("the fixtures are not here: %v", err)
	}
	judged, skipped := map[string]int{}, 0
	for line := range bytes.Lines(text) {
		var c struct {
			Level, Expect, File string
			Object              json.RawMessage
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(beyond, func(b struct{ prefix, why string }) bool { return strings.HasPrefix(c.File, b.prefix) }) {
			skipped++
			continue
		}
		judged[c.Level+" "+c.Expect]++
		got := raised(c.Object, levels[c.Level])
		if want := c.Expect == "fail"; len(got) > 0 != want {
			t.Errorf("%s, %s: got %v, want a finding: %t", c.File, c.Level, got, want)
		}
	}
	for what, atLeast := range map[string]int{"baseline pass": 10, "baseline fail": 20, "restricted pass": 15, "restricted fail": 36} {
		if judged[what] < atLeast {
			t.Errorf("%s: judged %d fixtures, want %d", what, judged[what], atLeast)
		}
	}
	t.Logf("judged %v; no rule answers the other %d", judged, skipped)
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
