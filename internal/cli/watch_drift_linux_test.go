package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/falco"
	"bulkhead/internal/source"
)

const driftImage = "bulkhead-drift-test:1"

const driftCompose = `services:
  web: &web
    image: ` + driftImage + `
    network_mode: none
    user: "0"
    mem_limit: 64m
  same: *web
`

// A driftLine is what the test reads of an alert.
type driftLine struct {
	Rule   string
	Source string
	Output string
	Fields map[string]any `json:"output_fields"`
}

// TestWatchDrift: what no image brought is told with its path and hash, what
// comes by way of the engine with who was connected, the container is paused
// where that was asked for, and another that was not named is not.
func TestWatchDrift(t *testing.T) {
	needsSensor(t)
	t.Setenv("DOCKER_HOST", enginetest.Private(t))
	program := cachedProgram(t, "testdata/drift.go.txt")
	text, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Image(t, driftImage, enginetest.File{Name: "drift", Text: string(text), Mode: 0o755}, enginetest.File{Name: "tmp/.keep"})
	dir := t.TempDir()
	audit, proposed, rotated := filepath.Join(dir, "audit"), filepath.Join(dir, "proposed.yaml"), filepath.Join(dir, "alerts")
	w := startWatch(t, "--repeat", "0", "--respond", "Library that is not of the image=pause", "--respond-to", "bulkhead-drift-b*",
		"--apply", "--audit", audit, "--propose", proposed, "-o", "text="+rotated)
	copied := filepath.Join(dir, "copied")
	if err := os.WriteFile(copied, []byte("copied\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	declared := filepath.Join(dir, "compose.yaml")
	if err := os.WriteFile(declared, []byte(driftCompose), 0o600); err != nil {
		t.Fatal(err)
	}
	named := map[string]string{"same": declared, "web": "compose.yaml"} // by both generations of Compose
	composed := func(service string, options ...string) []string {
		args := []string{
			"run", "-d", "--name", "bulkhead-drift-" + service, "--network", "none", "--user", "0", "--memory", "64m",
			"--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=" + service,
			"--label", "com.docker.compose.project.config_files=" + named[service], "--label", "com.docker.compose.project.working_dir=" + dir,
		}
		return append(append(args, options...), driftImage, "/drift", "sleep")
	}
	for _, args := range [][]string{
		composed("same"),
		composed("web", "--cap-add", "NET_RAW", "--pid", "host"),
		{"run", "-d", "--name", "bulkhead-drift-quiet", "--network", "none", driftImage, "/drift", "sleep"},
		{"cp", copied, "bulkhead-drift-quiet:/tmp/arrived"},
		{"exec", "-d", "bulkhead-drift-quiet", "/drift", "sleep"},
		{"cp", "bulkhead-drift-quiet:/tmp/arrived", filepath.Join(dir, "back")},
		{"update", "--memory", "64m", "--memory-swap", "64m", "bulkhead-drift-quiet"},
		{"commit", "-p=false", "bulkhead-drift-quiet", "bulkhead-drift-made"},
		{"run", "-d", "--name", "bulkhead-drift-bad", "--network", "none", "--user", "0", driftImage, "/drift", "all"},
		{"run", "-d", "--name", "other", "--network", "none", "--user", "0", driftImage, "/drift", "all"},
	} {
		enginetest.Docker(t, args...)
	}
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	want := map[string]map[string]string{ // by rule, words of a field
		"Library that is not of the image":      {"bulkhead.file": "/tmp/new.so", "bulkhead.sha256": sum([]byte("library\n"))},
		"Deleted program runs":                  {"bulkhead.file": "/tmp/gone", "bulkhead.sha256": sum(text)},
		"Program runs from memory":              {"bulkhead.file": "/memfd:hidden", "bulkhead.sha256": sum(text)},
		"Program that is not of the image":      {"bulkhead.sha256": sum(text), "container.image.repository": "bulkhead-drift-test"},
		"Files copied into container":           {"bulkhead.file": "/tmp/arrived", "bulkhead.sha256": sum([]byte("copied\n")), "bulkhead.actor": "docker cp "},
		"Command run in container from outside": {"bulkhead.command": "/drift sleep", "bulkhead.actor": "docker exec -d"},
		"Files copied out of container":         {"bulkhead.actor": "docker cp bulkhead-drift-quiet", "container.name": "bulkhead-drift-quiet"},
		"Container's limits changed":            {"bulkhead.actor": "docker update"},
		"Container differs from its Compose file": {
			"bulkhead.cap_add": "[NET_RAW], declared []", "bulkhead.pid": "host, declared own", "bulkhead.file": declared,
			"container.name": "bulkhead-drift-web", "bulkhead.sha256": sum([]byte(driftCompose)),
		},
		"Image made of container": {"bulkhead.actor": "docker commit"},
	}
	w.collect(t, want)
	enginetest.Docker(t, "rm", "-f", "bulkhead-drift-quiet", "bulkhead-drift-bad", "bulkhead-drift-same", "bulkhead-drift-web", "other")
	enginetest.Docker(t, "rmi", "bulkhead-drift-made")
	checkAudit(t, audit)
	checkProposed(t, proposed)
	if lines, err := os.ReadFile(rotated); err != nil || !strings.Contains(string(lines), "library that is not of the image opened") {
		t.Errorf("got %d bytes, %v, want the alerts as text in the file too", len(lines), err)
	} else if strings.Contains(string(lines), "bulkhead-drift-same") {
		t.Errorf("got %s\nwant no alert of the container that is as its Compose file says", lines)
	}
}

// collect reads alerts until each of want has come, and ends the watch.
func (w *watched) collect(t *testing.T, want map[string]map[string]string) {
	t.Helper()
	left := len(want)
	came := map[string]string{}
	for left > 0 && w.lines.Scan() {
		var a driftLine
		if err := json.Unmarshal(w.lines.Bytes(), &a); err != nil {
			t.Fatalf("%s: %v", w.lines.Text(), err)
		}
		if name, _ := a.Fields["container.name"].(string); came[a.Rule] == "" || strings.HasPrefix(name, "bulkhead-drift") {
			if came[a.Rule] = missing(a, want[a.Rule]); came[a.Rule] == "" && want[a.Rule] != nil {
				delete(want, a.Rule)
				left--
			}
		}
	}
	for rule := range want {
		t.Errorf("%s: got %s, want it with all of %q", rule, came[rule], want[rule])
	}
	if state := enginetest.Docker(t, "inspect", "-f", "{{.State.Paused}}", "bulkhead-drift-bad", "other"); state != "true\nfalse" {
		t.Errorf("got paused %q, want the container that drifted and may be paused, alone", state)
	}
	w.cancel()
	for w.lines.Scan() { // a writer without a reader would wait for ever
	}
	<-w.said
	if code := <-w.code; code != 0 {
		t.Errorf("exit code %d, want 0:\n%s", code, w.stderr.String())
	}
}

// missing returns the alert where its fields do not contain what is wanted, ""
// where they do.
func missing(a driftLine, want map[string]string) string {
	for field, part := range want {
		if got, _ := a.Fields[field].(string); !strings.Contains(got, part) {
			return a.Output
		}
	}
	return ""
}

func checkAudit(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	results := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var a struct{ Rule, Response, Container, Result, Alert string }
		if err := json.Unmarshal([]byte(line), &a); err != nil || a.Response != "pause" || a.Alert == "" {
			t.Errorf("%s: got %+v, %v, want a record of pausing", line, a, err)
		}
		results[a.Container] = a.Result
	}
	if results["bulkhead-drift-bad"] != "done" || results["other"] != "not allowed" {
		t.Errorf("got %q, want one container paused and the other not allowed", results)
	}
}

// checkProposed: the exceptions load after the rules without a diagnostic.
func checkProposed(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	set := falco.Load([]*source.File{source.NewFile("default rules", watchRules), source.NewFile("proposed", text)}, falco.Options{Append: falco.SuggestedOutput})
	for _, d := range set.Diagnostics {
		t.Errorf("%s: %s", d.Span.Position(), d.Message)
	}
	if !strings.Contains(string(text), `- ["bulkhead-drift-test", "/tmp/gone", "/drift"]`) {
		t.Errorf("got %s\nwant the program that ran among the exceptions", text)
	}
}
