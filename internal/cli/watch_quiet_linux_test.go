package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
)

const quietImage = "bulkhead-quiet-test:1"

// quietFor is long enough for several health checks and two looks at what runs.
const quietFor = 12 * time.Second

// TestWatchQuiet: containers that do nothing but check their health raise no
// alert by the default rules, the engine's events and the search for drift;
// neither one that ran before nor one that is started meanwhile. What is done to
// a third shows that there was somebody to raise one.
func TestWatchQuiet(t *testing.T) {
	needsSensor(t)
	t.Setenv("DOCKER_HOST", enginetest.Private(t))
	text, err := os.ReadFile(cachedProgram(t, "testdata/drift.go.txt"))
	if err != nil {
		t.Fatal(err)
	}
	program := func(name string) enginetest.File { return enginetest.File{Name: name, Text: string(text), Mode: 0o755} }
	enginetest.Image(t, quietImage, program("drift"), program("bin/sh"))
	run := func(name string) {
		enginetest.Docker(t, "run", "-d", "--name", name, "--network", "none", "--health-cmd", "/drift none", "--health-interval", "1s",
			quietImage, "/drift", "sleep")
	}
	run("bulkhead-quiet-before")
	w := startWatch(t)
	run("bulkhead-quiet-while")
	run("bulkhead-quiet-end")
	raised := map[string][]string{}
	read := make(chan bool)
	go func() {
		defer close(read)
		for w.lines.Scan() {
			var a driftLine
			if err := json.Unmarshal(w.lines.Bytes(), &a); err != nil {
				t.Errorf("%s: %v", w.lines.Text(), err)
			}
			name, _ := a.Fields["container.name"].(string)
			if raised[name] = append(raised[name], a.Output); name == "bulkhead-quiet-end" {
				w.cancel()
			}
		}
	}()
	checks := 0
	for start := time.Now(); time.Since(start) < quietFor || checks < 2; {
		log := enginetest.Docker(t, "inspect", "-f", "{{range .State.Health.Log}}{{.ExitCode}} {{end}}", "bulkhead-quiet-before")
		if checks = strings.Count(log, "0"); checks < len(strings.Fields(log)) {
			t.Fatalf("got health checks that end with %s, want 0", log)
		}
	}
	enginetest.Docker(t, "exec", "-d", "bulkhead-quiet-end", "/drift", "sleep")
	<-read
	<-w.said
	if code := <-w.code; code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, w.stderr.String())
	}
	for _, name := range []string{"bulkhead-quiet-before", "bulkhead-quiet-while"} {
		if len(raised[name]) > 0 {
			t.Errorf("%s: got %q, want no alert", name, raised[name])
		}
	}
	if got := raised["bulkhead-quiet-end"]; len(got) != 1 || !strings.Contains(got[0], "command=/drift sleep") {
		t.Errorf("got %q, want the one alert of what was done", got)
	}
	t.Logf("%s: %d health checks, %s", quietFor, checks, strings.TrimSpace(w.stderr.String()))
	enginetest.Docker(t, "rm", "-f", "bulkhead-quiet-before", "bulkhead-quiet-while", "bulkhead-quiet-end")
}
