package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/sensor"
)

const watchImage = "bulkhead-watch-test:1"

// stableRules are upstream's.
const stableRules = "../../../shared/data/falco/rules/falco_rules.yaml"

// needsSensor skips the test where the sensor cannot work, with the reason.
func needsSensor(t testing.TB) {
	t.Helper()
	for _, p := range sensor.Probes() {
		if (p.Name == "BTF" || p.Name == "ring buffer" || p.Name == "tp_btf") && p.Status != sensor.Works {
			t.Skipf("no sensor: %s: %s", p.Name, p.Detail)
		}
	}
}

// actor builds the program of the containers.
func actor(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile("testdata/act.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "act")
	if err := os.WriteFile(source, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, source)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	built, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	return string(built)
}

// An alertLine is what the test reads of an alert.
type alertLine struct {
	Rule   string         `json:"rule"`
	Fields map[string]any `json:"output_fields"`
}

// A watched is a watch that runs.
type watched struct {
	lines  *bufio.Scanner
	cancel context.CancelFunc
	code   chan int
	said   chan struct{} // closed when stderr is complete
	stderr strings.Builder
	rules  map[string][]string // by container, what alerted
}

// startWatch runs bulkhead watch and returns when it watches.
func startWatch(t *testing.T, args ...string) *watched {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	out, stdout := io.Pipe()
	said, stderr := io.Pipe()
	w := &watched{lines: bufio.NewScanner(out), cancel: cancel, code: make(chan int, 1), said: make(chan struct{}), rules: map[string][]string{}}
	go func() {
		code := Main(ctx, append([]string{"watch", "-o", "json"}, args...), strings.NewReader(""), stdout, stderr)
		_, _ = stdout.Close(), stderr.Close()
		w.code <- code
	}()
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "watching") {
		w.stderr.WriteString(lines.Text() + "\n")
	}
	go func() {
		defer close(w.said)
		for lines.Scan() {
			w.stderr.WriteString(lines.Text() + "\n")
		}
	}()
	return w
}

// until reads alerts until one of the container called last, checks the image's
// name on each of ours, and ends the watch.
func (w *watched) until(t *testing.T, last string) {
	t.Helper()
	for w.lines.Scan() {
		var a alertLine
		if err := json.Unmarshal(w.lines.Bytes(), &a); err != nil {
			t.Errorf("%s: %v", w.lines.Text(), err)
		}
		name, _ := a.Fields["container.name"].(string)
		if strings.HasPrefix(name, "bulkhead-watch-") {
			if image := a.Fields["container.image.repository"]; image != "bulkhead-watch-test" {
				t.Errorf("%s: image %v, want bulkhead-watch-test", a.Rule, image)
			}
			if !slices.Contains(w.rules[name], a.Rule) {
				w.rules[name] = append(w.rules[name], a.Rule)
			}
		}
		if name == last {
			break
		}
	}
	w.cancel()
	for w.lines.Scan() { // a writer without a reader would wait for ever
	}
	<-w.said
	if code := <-w.code; code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, w.stderr.String())
	}
}

// TestWatch: each planted action alerts, with the container's name and image,
// and its benign twin does not; by our rules and by upstream's.
func TestWatch(t *testing.T) {
	needsSensor(t)
	enginetest.Engine(t)
	program := actor(t)
	file := func(name string) enginetest.File { return enginetest.File{Name: name, Text: program, Mode: 0o755} }
	enginetest.Image(t, watchImage, file("act"), file("bin/sh"), file("sbin/apk"),
		enginetest.File{Name: "etc/shadow", Text: "root:*:1::::::\n"}, enginetest.File{Name: "etc/motd", Text: "hello\n"},
		enginetest.File{Name: "tmp/.keep"}, enginetest.File{Name: "usr/bin/.keep"}, enginetest.File{Name: "var/log/.keep"})
	want := map[string][]string{
		"": {
			"Shell in container", "Sensitive file read", "Write below a folder of programs", "Package manager in container",
			"Program that is not of the image", "Standard stream led to a connection", "Process traced", "Namespace changed", "Engine socket used",
		},
	}
	if _, err := os.Stat(stableRules); err == nil {
		want[stableRules] = []string{
			"Terminal shell in container", "Drop and execute new binary in container", "Create Symlink Over Sensitive Files",
			"Create Hardlink Over Sensitive Files", "Packet socket created in container", "Clear Log Activities",
			"Redirect STDOUT/STDIN to Network Connection in Container", "PTRACE attached to process",
		}
	}
	watches := map[string]*watched{}
	for rules := range want {
		var args []string
		if rules != "" {
			args = []string{"--rules", rules}
		}
		watches[rules] = startWatch(t, args...)
	}
	run := func(name string, args ...string) {
		options := []string{"run", "--rm", "--name", name, "--user", "0", "--cap-add", "SYS_ADMIN"}
		if out := enginetest.Docker(t, append(options, args...)...); out != "" {
			t.Errorf("%s: %s", name, out)
		}
	}
	var all sync.WaitGroup
	for _, w := range watches {
		all.Go(func() { w.until(t, "bulkhead-watch-end") })
	}
	run("bulkhead-watch-good", watchImage, "/bin/sh", "good")
	run("bulkhead-watch-bad", "-t", watchImage, "/bin/sh", "bad")
	run("bulkhead-watch-end", "-t", watchImage, "/bin/sh", "idle")
	all.Wait()
	for rules, w := range watches {
		for _, r := range want[rules] {
			if !slices.Contains(w.rules["bulkhead-watch-bad"], r) {
				t.Errorf("%s: %q did not alert; got %q", rules, r, w.rules["bulkhead-watch-bad"])
			}
		}
		if got := w.rules["bulkhead-watch-good"]; len(got) > 0 {
			t.Errorf("%s: benign twins alert: %q", rules, got)
		}
		t.Logf("%s: %q", rules, w.rules["bulkhead-watch-bad"])
	}
}
