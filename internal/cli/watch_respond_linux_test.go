package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
)

const respondImage = "bulkhead-respond-test:1"

// An audited is what the test reads of a record.
type audited struct {
	Time                                               time.Time
	Rule, Response, Container, ID, Image, Error, Alert string

	Result string
}

// TestWatchRespond: every response does to its container what it says, alone
// where --apply is given and the container may be responded to, and each is
// recorded whether it was carried out or not.
func TestWatchRespond(t *testing.T) {
	needsSensor(t)
	t.Setenv("DOCKER_HOST", enginetest.Private(t))
	text, err := os.ReadFile(cachedProgram(t, "testdata/drift.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Image(t, respondImage, enginetest.File{Name: "drift", Text: string(text), Mode: 0o755})
	enginetest.Docker(t, "network", "create", "bulkhead-respond-one")
	enginetest.Docker(t, "network", "create", "bulkhead-respond-two")
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	args := []string{"--rules", rules, "--events", "none", "--drift=false", "--repeat", "0", "--respond-to", "bulkhead-respond-[dkps]*"}
	var list strings.Builder
	wanted := map[string]string{"other": "kill"} // by container
	for _, r := range engine.Responses() {
		fmt.Fprintf(&list, "- rule: Asks for %[1]s\n  desc: its arguments are those\n  output: asked\n  priority: notice\n"+
			"  condition: evt.type = execve and container.id != host and proc.args = \"sleep %[1]s\"\n", r)
		args = append(args, "--respond", fmt.Sprintf("Asks for %[1]s=%[1]s", r))
		wanted["bulkhead-respond-"+string(r)] = string(r)
	}
	if err := os.WriteFile(rules, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	before := map[string]string{}
	for name := range wanted {
		id := enginetest.Create(t, "--name", name, "--network", "bulkhead-respond-one", respondImage, "/drift", "sleep")
		enginetest.Docker(t, "network", "connect", "bulkhead-respond-two", name)
		enginetest.Docker(t, "start", id)
		before[name] = "running: bulkhead-respond-one bulkhead-respond-two"
	}
	results := map[string]string{"other": "not allowed"}
	for _, apply := range []string{"dry run", "done"} {
		audit := filepath.Join(dir, apply)
		with := append(slices.Clone(args), "--audit", audit)
		after := map[string]string{}
		for name, r := range wanted {
			after[name] = before[name]
			if name != "other" {
				results[name] = apply
			}
			if apply == "done" && name != "other" {
				after[name] = responded[r]
			}
		}
		if apply == "done" {
			with = append(with, "--apply")
		}
		w := startWatch(t, with...)
		for name, r := range wanted {
			enginetest.Docker(t, "exec", "-d", name, "/drift", "sleep", r)
		}
		for n := 0; n < len(wanted) && w.lines.Scan(); n++ {
		}
		w.end(t)
		checkAudited(t, audit, wanted, results)
		if diff := cmp.Diff(states(t, wanted), after); diff != "" {
			t.Errorf("%s: got -, want +:\n%s", apply, diff)
		}
	}
}

// responded is what states returns of a container that is on two networks after
// a response.
var responded = map[string]string{
	"pause":      "paused: bulkhead-respond-one bulkhead-respond-two",
	"disconnect": "running:",
	"stop":       "exited 2: bulkhead-respond-one bulkhead-respond-two", // as a Go program does on SIGTERM
	"kill":       "exited 137: bulkhead-respond-one bulkhead-respond-two",
}

// states returns how containers are.
func states(t *testing.T, names map[string]string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name := range names {
		out[name] = enginetest.Docker(t, "inspect", "--format",
			"{{.State.Status}}{{with .State.ExitCode}} {{.}}{{end}}:{{range $name, $_ := .NetworkSettings.Networks}} {{$name}}{{end}}", name)
	}
	return out
}

// end ends the watch, which must have gone well.
func (w *watched) end(t *testing.T) {
	t.Helper()
	w.cancel()
	for w.lines.Scan() { // a writer without a reader would wait for ever
	}
	<-w.said
	if code := <-w.code; code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, w.stderr.String())
	}
}

// checkAudited: there is one record of each container, with all of it.
func checkAudited(t *testing.T, name string, wanted, results map[string]string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var a audited
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if got[a.Container] != "" {
			t.Errorf("%s: got another record, want one", line)
		}
		got[a.Container] = a.Result
		want := audited{a.Time, "Asks for " + wanted[a.Container], wanted[a.Container], a.Container, a.ID, respondImage, "", a.Alert, a.Result}
		if a != want || time.Since(a.Time) > time.Hour || len(a.ID) != 64 || !strings.HasPrefix(a.Alert, "asked ") {
			t.Errorf("got %+v, want %+v", a, want)
		}
	}
	if diff := cmp.Diff(got, results); diff != "" {
		t.Errorf("records: got -, want +:\n%s", diff)
	}
}
