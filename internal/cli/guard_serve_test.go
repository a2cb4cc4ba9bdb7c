package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/guard"
	"bulkhead/internal/rules"
)

// TestGuardPolicies: users' own policies judge requests, too, and say so by
// name.
func TestGuardPolicies(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"guard.yaml": "rules: {host-pid: {mode: audit}}\n",
		"rego/limit.rego": `package shop

import data.bulkhead.facts

deny_no_limit contains msg if {
	facts.workload.memory == 0
	msg := "has no memory limit"
}

warn_name contains msg if {
	facts.workload.container == ""
	msg := "has no name"
}
`,
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := &guardServer{
		app: &app{rules: rules.All()}, policy: filepath.Join(dir, "guard.yaml"),
		rego: policySettings{paths: []string{filepath.Join(dir, "rego")}},
	}
	p, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	g := &guard.Guard{
		Engine: &lateEngine{host: "unix://" + dir + "/none.sock"}, State: &guard.State{Dir: dir},
		Journal: guard.NewJournal(io.Discard), Timeout: time.Minute,
	}
	g.SetPolicy(p)
	for host, want := range map[string]string{
		`{}`:                                   "\n  shop/deny_no_limit: has no memory limit.\n",
		`{"Memory":67108864}`:                  "",
		`{"Memory":67108864,"PidMode":"host"}`: "",
		`{"Memory":67108864,"IpcMode":"host"}`: "\n  host-ipc: ",
	} {
		d := g.Decide(t.Context(), guard.Request{
			Method: "POST", URI: "/v1.41/containers/create?name=web", Body: []byte(`{"HostConfig":` + host + `}`),
		})
		if d.Allow != (want == "") || !strings.Contains(d.Message(), want) {
			t.Errorf("%s: got allow %v%s\nwant %q", host, d.Allow, d.Message(), want)
		}
	}
}
