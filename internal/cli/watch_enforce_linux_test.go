package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/sensor"
)

const enforceImage = "bulkhead-enforce-test:1"

// inside runs the test's program in a container and returns what it printed.
func inside(container string, args ...string) string {
	out, _ := exec.Command("docker", append([]string{"exec", container, "/drift"}, args...)...).CombinedOutput() // what it says tells
	return string(out)
}

// TestWatchEnforce: a container that is kept from programs and networks cannot
// use them, one that is watched only can and is told of, and a third that nobody
// named is as before; all are as before when the watch has ended.
func TestWatchEnforce(t *testing.T) {
	needsSensor(t)
	memory, module := "signal: killed", "bulkhead: BPF-LSM is not available: "
	for _, p := range sensor.Probes() {
		switch {
		case p.Name == "cgroup/connect4" && p.Status != sensor.Works:
			t.Skipf("no enforcer: %s: %s", p.Name, p.Detail)
		case p.Name == "BPF-LSM" && p.Status == sensor.Works:
			memory, module = "fork/exec /proc/self/fd/99: operation not permitted", "refused by BPF-LSM\n"
		}
	}
	t.Setenv("DOCKER_HOST", enginetest.Private(t))
	program := cachedProgram(t, "testdata/drift.go.txt")
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Image(t, enforceImage, enginetest.File{Name: "drift", Text: string(text), Mode: 0o755}, enginetest.File{Name: "tmp/.keep"})
	names := []string{"bulkhead-enforce-deny", "bulkhead-enforce-audit", "bulkhead-enforce-free"}
	for _, name := range names {
		enginetest.Docker(t, "run", "-d", "--name", name, "--network", "none", "--user", "0", enforceImage, "/drift", "sleep")
	}
	alerts := filepath.Join(t.TempDir(), "alerts")
	w := startWatch(t, "--events", "none", "-o", "json="+alerts, "--allow-egress", "203.0.113.0/24",
		"--enforce", "bulkhead-enforce-[da]*:drift=audit", "--enforce", "bulkhead-enforce-deny:drift=deny",
		"--enforce", "bulkhead-enforce-[da]*:egress=audit", "--enforce", "bulkhead-enforce-deny:egress=deny")
	printed := make(chan bool)
	go func() {
		defer close(printed)
		for w.lines.Scan() { // a writer without a reader would wait for ever
		}
	}()
	const denied, free = "operation not permitted", "network is unreachable"
	speak := func(name, address string) string { return inside(name, "speak", address) }
	const outside, six, allowed, own = "198.51.100.1:9", "[2001:db8::1]:9", "203.0.113.1:9", "127.0.0.1:9"
	for n := 0; !strings.Contains(speak(names[0], outside), denied); n++ { // until the engine has answered
		if n > 50 {
			w.cancel()
			<-w.said
			t.Fatalf("nothing was ever enforced:\n%s\n%s", speak(names[0], outside), w.stderr.String())
		}
	}
	for _, c := range []struct {
		name, address, want string
		times               int
	}{
		{names[0], outside, denied, 2},
		{names[0], six, denied, 2},
		{names[0], allowed, free, 2},
		{names[0], own, "connection refused", 1},
		{names[1], outside, free, 2},
		{names[2], outside, free, 2},
	} {
		if got := speak(c.name, c.address); strings.Count(got, c.want) != c.times {
			t.Errorf("%s to %s: got %s, want %q %d times", c.name, c.address, got, c.want, c.times)
		}
	}
	for name, want := range map[string]string{names[0]: "new fork/exec /tmp/new: operation not permitted\nmemory " + memory + "\nold <nil>\n", names[1]: "new <nil>\nmemory <nil>\nold <nil>\n", names[2]: "new <nil>\nmemory <nil>\nold <nil>\n"} {
		if got := inside(name, "run"); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	w.cancel()
	<-printed
	<-w.said
	if code := <-w.code; code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, w.stderr.String())
	}
	if said := w.stderr.String(); strings.Count(said, "is in force") != 2 || strings.Count(said, "denies nothing") != 2 || strings.Count(said, module) != 1 || strings.Contains(said, "NOT in force") {
		t.Errorf("got %s\nwant two rungs in force and two that tell", said)
	}
	if got := speak(names[0], outside); strings.Count(got, free) != 2 {
		t.Errorf("after the watch: got %s, want nothing to be enforced", got)
	}
	checkVerdicts(t, alerts)
	enginetest.Docker(t, append([]string{"rm", "-f"}, names...)...)
}

// checkVerdicts: what was denied and what was seen is told with its container.
func checkVerdicts(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		var a driftLine
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if a.Source == "enforcer" {
			name, _ := a.Fields["container.name"].(string)
			target, _ := a.Fields["bulkhead.target"].(string)
			if target == "/memfd:hidden (deleted)" { // as BPF-LSM calls it
				target = "/proc/self/fd/99"
			}
			denied, _ := a.Fields["bulkhead.denied"].(string)
			got[strings.TrimPrefix(name, "bulkhead-enforce-")+" "+target+" denied="+denied] = true
		}
	}
	for _, want := range []string{
		"deny 198.51.100.1:9 denied=true", "deny [2001:db8::1]:9 denied=true", "audit 198.51.100.1:9 denied=false",
		"deny /tmp/new denied=true", "audit /tmp/new denied=false", "deny /proc/self/fd/99 denied=true", "audit /proc/self/fd/99 denied=false",
	} {
		if !got[want] {
			t.Errorf("got verdicts %v, want %q among them", got, want)
		}
		delete(got, want)
	}
	if len(got) > 0 {
		t.Errorf("got verdicts %v, want none more", got)
	}
}
