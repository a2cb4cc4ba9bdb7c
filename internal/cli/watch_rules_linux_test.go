package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
)

const rulesImage = "bulkhead-rules-test:1"

// A ruleCase is one of upstream's rules with its action and its twin.
type ruleCase struct {
	name      string
	bad, good step
	cannot    string // why it cannot alert, where it cannot
}

// A step is a script and where it runs; without a script it is the place's
// first program.
type step struct{ id, place, script string }

// readCases reads testdata/upstream_rules.txt.
func readCases(t *testing.T) []*ruleCase {
	t.Helper()
	text, err := os.ReadFile("testdata/upstream_rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	var cases []*ruleCase
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] != '\t' {
			cases = append(cases, &ruleCase{name: line})
			continue
		}
		c := cases[len(cases)-1]
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		place, script, _ := strings.Cut(rest, ":")
		s := step{fmt.Sprintf("%d-%s", len(cases), kind), place, strings.TrimSpace(script)}
		switch kind {
		case "bad":
			c.bad = s
		case "good":
			c.good = s
		default:
			c.cannot = rest
		}
	}
	return cases
}

// places are how the containers of the steps are started.
func places(shared string) map[string][]string {
	act := func(place string, options ...string) []string {
		return append(options, rulesImage, "/step", "run", place)
	}
	named := []string{"--add-host", "kubernetes.default.svc.cluster.local:203.0.113.5", "--add-host", "xmr-us-east1.nanopool.org:203.0.113.6"}
	return map[string][]string{
		"main": act("main", append(named, "--user", "0", "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE", "--cap-add", "SYS_MODULE",
			"-v", shared+":/host")...),
		"priv":       act("priv", "--user", "0", "--privileged", "--network", "none", "--runtime", "private"),
		"plain":      act("plain", "--user", "1000"),
		"shell-tty":  {"-t", "-v", "/etc:/mnt:ro", rulesImage, "/bin/sh"},
		"shell":      {"-v", shared + ":/mnt", rulesImage, "/bin/sh"},
		"whoami-tty": {"-t", rulesImage, "/bin/whoami"},
		"whoami":     {rulesImage, "/bin/whoami"},
		"tar":        {"-e", "ACT=read /srv/data/x", rulesImage, "/bin/tar"},
		"tar-tty":    {"-t", "-e", "ACT=read /srv/data/x", rulesImage, "/bin/tar"},
	}
}

// An alerts is which rules alerted for which steps and places.
type alerts struct {
	sync.Mutex
	prefix  string              // of the names of our containers
	host    string              // of the paths of our programs on the host
	rules   map[string][]string // by step, or by place
	unnamed []string            // alerts of our containers without name or image
}

// take notes what alerted.
func (a *alerts) take(e *sensor.Event, rule string) {
	field := func(id falco.FieldID) falco.Value {
		var v falco.Value
		e.Field(&falco.Ref{ID: id, Index: -1}, &v)
		return v
	}
	key := ""
	for _, line := range append([]falco.Value{field(falco.ProcCmdline)}, field(falco.ProcAcmdline).List...) {
		if id, ok := strings.CutPrefix(line.Str, "step step "); ok {
			key = id
			break
		}
	}
	name := field(falco.ContainerName).Str
	a.Lock()
	defer a.Unlock()
	switch {
	case strings.HasPrefix(name, a.prefix):
		if field(falco.ContainerImageRepository).Str != strings.TrimSuffix(rulesImage, ":1") || e.Pending {
			a.unnamed = append(a.unnamed, rule)
		}
		if key == "" {
			key = strings.TrimPrefix(name, a.prefix)
		}
	case name == "host" && strings.HasPrefix(field(falco.ProcExepath).Str, a.host):
	default:
		return
	}
	if !slices.Contains(a.rules[key], rule) {
		a.rules[key] = append(a.rules[key], rule)
	}
}

// of returns what alerted for a step.
func (a *alerts) of(s step) []string {
	if s.script == "" {
		return a.rules[s.place]
	}
	return a.rules[s.id]
}

// TestUpstreamRules does one small action and one benign twin for each of
// upstream's rules, in containers on the real engine and four on the host, and
// prints which alerted.
func TestUpstreamRules(t *testing.T) {
	needsSensor(t)
	enginetest.Engine(t)
	var files []string
	for _, f := range []string{"falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"} {
		f = filepath.Join(filepath.Dir(stableRules), f)
		if _, err := os.Stat(f); err != nil {
			t.Skipf("upstream's rules are not here: %v", err)
		}
		files = append(files, f)
	}
	sources, err := ruleFiles(files)
	if err != nil {
		t.Fatal(err)
	}
	set := falco.Load(sources, falco.Options{})
	if err := set.Err(); err != nil {
		t.Fatal(err)
	}
	tier := map[string]string{}
	for _, r := range set.Rules {
		r.Enabled = true // twelve of the sandbox are not, until somebody wants them
		tier[r.Name] = filepath.Base(r.Span.File.Name)
	}
	cases := readCases(t)
	program := cachedProgram(t, "testdata/step.go.txt")
	layer := importRules(t, program, cases)
	private := enginetest.Private(t)
	load := exec.Command("docker", "-H", private, "import", "-", rulesImage)
	load.Stdin = bytes.NewReader(layer)
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
	seen := &alerts{prefix: fmt.Sprintf("bulkhead-rules-%d-", os.Getpid()), host: t.TempDir(), rules: map[string][]string{}}
	stop := senseRules(t, set.Compile(), seen, private)
	actAll(t, seen, program, cases, private)
	stop()
	judge(t, seen, cases, tier)
}

// senseRules runs the sensor with rules until the function it returns is called.
func senseRules(t *testing.T, program *falco.Program, seen *alerts, private string) func() {
	t.Helper()
	var ask [2]func(context.Context, string) (*sensor.Container, error)
	for i, host := range []string{"", private} {
		e, err := engine.Open(t.Context(), engine.Options{Host: host})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { e.Close() })
		ask[i] = describe(e)
	}
	either := func(ctx context.Context, id string) (*sensor.Container, error) {
		if c, err := ask[0](ctx, id); err == nil {
			return c, nil
		}
		return ask[1](ctx, id)
	}
	s, err := sensor.Open(sensor.Options{EventTypes: program.EventTypes(), Fields: program.Refs(), Describe: either})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	ev := program.Evaluator()
	go func() {
		ended <- s.Run(ctx, func(e *sensor.Event) {
			for _, r := range ev.Match(e) {
				seen.take(e, r.Name)
			}
		})
	}()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if c, err := s.Counts(); err != nil || c.Dropped > 0 || c.Produced != c.Read {
			t.Errorf("got %+v, %v, want every event read", c, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// actAll runs the steps of every place.
func actAll(t *testing.T, seen *alerts, program string, cases []*ruleCase, private string) {
	t.Helper()
	shared := t.TempDir()
	if err := os.WriteFile(filepath.Join(shared, "file"), []byte("file\n"), 0o644); err != nil { //nolint:gosec // a container reads it
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for place, args := range places(shared) {
		all.Go(func() {
			host := os.Getenv("DOCKER_HOST")
			if place == "priv" {
				host = private
			}
			run := append([]string{"-H", host, "run", "--rm", "--name", seen.prefix + place}, args...)
			if out, err := exec.CommandContext(ctx, "docker", run...).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v\n%s", place, err, out)
				_ = exec.Command("docker", "-H", host, "rm", "-f", seen.prefix+place).Run() // it may be gone
			}
		})
	}
	all.Go(func() { actHost(t, seen.host, program, cases) })
	all.Wait()
}

// actHost runs the steps of the host, by names in a folder of their own.
func actHost(t *testing.T, dir, program string, cases []*ruleCase) {
	if out, err := exec.Command("cp", program, filepath.Join(dir, "step")).CombinedOutput(); err != nil {
		t.Errorf("copy the program: %v\n%s", err, out)
	}
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil { //nolint:gosec // others may look
		t.Error(err)
	}
	for _, name := range stepPrograms(cases) {
		if err := os.Symlink("../step", filepath.Join(dir, "bin", name)); err != nil {
			t.Error(err)
		}
	}
	steps := filepath.Join(dir, "steps")
	if err := os.WriteFile(steps, []byte(stepLines(cases)), 0o600); err != nil {
		t.Error(err)
	}
	cmd := exec.Command(filepath.Join(dir, "step"), "run", "host")
	cmd.Env = []string{"STEPS=" + steps, "BIN=" + dir}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("host: %v\n%s", err, out)
	}
}

// judge prints the table and compares the counts with what is wanted.
func judge(t *testing.T, seen *alerts, cases []*ruleCase, tier map[string]string) {
	t.Helper()
	alerted, noisy := map[string]int{}, 0
	var table strings.Builder
	for _, c := range cases {
		file := tier[c.name]
		delete(tier, c.name)
		if file == "" {
			t.Errorf("%s is none of upstream's rules", c.name)
		}
		verdict, twin := "alerted", "quiet"
		switch {
		case c.cannot != "":
			verdict, twin = "cannot: "+c.cannot, ""
		case !slices.Contains(seen.of(c.bad), c.name):
			verdict = fmt.Sprintf("NO ALERT, but %q", seen.of(c.bad))
		default:
			alerted[file]++
		}
		if others := seen.of(c.good); c.good.script != "" && len(others) > 0 || slices.Contains(others, c.name) {
			twin = fmt.Sprintf("ALERTS: %q", others)
			noisy++
		}
		fmt.Fprintf(&table, "%-75s %-8s %s\n", c.name, verdict, twin)
	}
	for name := range tier {
		t.Errorf("%s has no action", name)
	}
	t.Logf("rule, alerted, twin\n%s", table.String())
	for file, least := range map[string]int{"falco_rules.yaml": 25, "falco-incubating_rules.yaml": 29, "falco-sandbox_rules.yaml": 33} {
		t.Logf("%s: %d rules alerted", file, alerted[file])
		if alerted[file] < least {
			t.Errorf("%s: got %d rules that alert, want %d", file, alerted[file], least)
		}
	}
	if noisy > 0 {
		t.Errorf("got %d twins that alert, want none", noisy)
	}
	if len(seen.unnamed) > 0 {
		t.Errorf("got alerts without the container's name and image: %q", seen.unnamed)
	}
}
