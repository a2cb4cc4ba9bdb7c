package guard_test

import (
	"bytes"
	"context"
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/internal/cli"
	"bulkhead/internal/guard"
)

// commandVariable makes the test's binary the bulkhead command; nothingVariable
// makes it a plugin that says yes to everything.
const (
	commandVariable = "GUARD_TEST_COMMAND"
	nothingVariable = "GUARD_TEST_NOTHING"
)

func TestMain(m *testing.M) {
	if os.Getenv(nothingVariable) != "" {
		if err := serveNothing(os.Args[1], os.Args[2]); err != nil {
			log.Fatal(err)
		}
		return
	}
	if os.Getenv(commandVariable) != "" {
		os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// bulkhead runs the command and returns what it printed and its exit code.
func bulkhead(t testing.TB, args ...string) (string, int) {
	t.Helper()
	cmd := command(t, args...)
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }) // it may have ended just now
	defer late.Stop()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		return string(out), exit.ExitCode()
	}
	return string(out), 0
}

// start starts a guard as a process of its own, and waits until it answers.
func (l *live) start(t testing.TB) *exec.Cmd {
	t.Helper()
	cmd := command(t, "guard", "serve", "--socket", l.socket(), "--state", l.dir+"/state", "--host", l.host, "--journal", l.dir+"/journal")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for guard.Ping(ctx, l.socket()) != nil {
		if ctx.Err() != nil {
			t.Fatal("the guard does not answer")
		}
		<-time.After(10 * time.Millisecond)
	}
	return cmd
}

// end ends a guard as systemd does.
func end(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := ended(t, cmd); err != nil {
		t.Errorf("the guard ended with %v, want no error", err)
	}
}

// TestInstall: install puts the guard in front of an engine, and uninstall
// leaves nothing of it.
func TestInstall(t *testing.T) {
	if _, err := os.Lstat("/run/systemd/system"); err == nil {
		t.Skip("systemd runs here: its units are this machine's")
	}
	l := newLive(t)
	const before = "{\n\t\"debug\" : false, \"icc\":true\n}\n"
	l.write(t, "daemon.json", before)
	place := []string{
		"--daemon-json", l.dir + "/daemon.json", "--pidfile", l.dir + "/pid", "--socket", l.socket(),
		"--state", l.dir + "/state", "--host", l.host, "--yes",
	}
	do := func(verb string) (string, int) { return bulkhead(t, append([]string{"guard", verb}, place...)...) }
	if out, code := do("install"); code != 3 || !strings.Contains(out, "hint: start it") {
		t.Errorf("install without a guard: got %d\n%s\nwant 3 and a hint", code, out)
	}
	g := l.start(t)
	defer end(t, g)
	if out, code := bulkhead(t, "guard", "test", "--host", l.host); code != 3 || !strings.Contains(out, "not denied, which is WRONG") {
		t.Errorf("test without a guard: got %d\n%s", code, out)
	}
	if out, code := do("install"); code != 0 || !strings.Contains(out, "the deny path is live") {
		t.Fatalf("install: got %d\n%s", code, out)
	}
	l.allowOnce(t)
	if out, code := do("uninstall"); code != 0 {
		t.Fatalf("uninstall: got %d\n%s", code, out)
	}
	got, err := os.ReadFile(l.dir + "/daemon.json")
	if err != nil || string(got) != before {
		t.Errorf("daemon.json after uninstall: got %q, %v, want %q", got, err, before)
	}
	if _, err := os.Lstat(l.dir + "/state"); err == nil {
		t.Error("uninstall left the guard's state")
	}
	if out, code := bulkhead(t, "guard", "test", "--host", l.host); code != 3 {
		t.Errorf("test after uninstall: got %d\n%s", code, out)
	}
}

var idOf = regexp.MustCompile(`bulkhead guard allow ([0-9a-f]+)`)

// allowOnce asks for something forbidden, has it allowed, and asks again.
func (l *live) allowOnce(t *testing.T) {
	t.Helper()
	l.tiny(t)
	create := func(name string) (string, error) {
		out, err := shell(t, "docker create --pid host --name "+name+" tiny:1 /x")
		return string(out), err
	}
	out, err := create("once")
	id := idOf.FindStringSubmatch(out)
	if err == nil || id == nil {
		t.Fatalf("create --pid host: got %v\n%s\nwant a denial with an id", err, out)
	}
	if said, code := bulkhead(t, "guard", "allow", id[1], "--state", l.dir+"/state", "--reason", "drill"); code != 0 || !strings.Contains(said, "--pid host") {
		t.Errorf("guard allow: got %d\n%s", code, said)
	}
	if out, err := create("other"); err == nil {
		t.Errorf("the exception let another request through:\n%s", out)
	}
	if out, err := create("once"); err != nil {
		t.Errorf("the allowed request: %v\n%s", err, out)
	}
	if out, err := shell(t, "docker start once"); bytes.Contains(out, []byte("denied by plugin")) {
		t.Errorf("start of the allowed container: %v\n%s", err, out)
	}
	if out, err := shell(t, "docker rm -f once"); err != nil {
		t.Errorf("remove: %v\n%s", err, out)
	}
	if _, err := create("once"); err == nil {
		t.Error("the exception held twice")
	}
}

// tiny imports an image with an empty file.
func (l *live) tiny(t testing.TB) {
	t.Helper()
	l.write(t, "x", "")
	out, err := shell(t, "tar -C "+l.dir+" -c x | docker import - tiny:1")
	if err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
}

// A tally counts answers of requests under load.
type tally struct {
	forbidden, harmless, refused, passed atomic.Int64
}

// load asks for forbidden and for harmless things until ctx ends.
func (l *live) load(ctx context.Context, t *testing.T, n *tally) *sync.WaitGroup {
	t.Helper()
	forbidden := request("POST", "/v1.41/containers/create", `{"Image":"nowhere:1","HostConfig":{"Privileged":true}}`)
	harmless := request("GET", "/v1.41/containers/json", "")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				if got := l.send(t, "POST", forbidden); got.Code != 403 && got.Code != 500 && got.Code != 0 {
					t.Errorf("a forbidden request: got %d %s, want it denied", got.Code, got.Text)
				} else {
					n.forbidden.Add(1)
				}
				switch got := l.send(t, "GET", harmless); got.Code {
				case 200:
					n.passed.Add(1)
				default:
					n.refused.Add(1)
				}
				n.harmless.Add(1)
			}
		})
	}
	return &all
}

// TestFailsClosed: while the guard hangs, is killed or restarts under load,
// nothing forbidden gets through, and afterwards everything else does.
func TestFailsClosed(t *testing.T) {
	l := newLive(t)
	g := l.start(t)
	l.configure(t, `{"authorization-plugins": ["bulkhead"]}`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var n tally
	all := l.load(ctx, t, &n)
	more := func(counter *atomic.Int64) {
		t.Helper()
		deadline := time.After(patience)
		for want := counter.Load() + 20; counter.Load() < want; {
			select {
			case <-deadline:
				t.Fatalf("%d answers, want %d: the engine did not recover", counter.Load(), want)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	signal := func(s unix.Signal) {
		t.Helper()
		if err := g.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	more(&n.passed)
	signal(unix.SIGHUP) // it reads its policy again; no request is lost
	more(&n.passed)
	if lost := n.refused.Load(); lost != 0 {
		t.Errorf("%d harmless requests were refused while the guard ran, want 0", lost)
	}
	signal(unix.SIGSTOP)
	<-time.After(500 * time.Millisecond)
	hung := n.passed.Load()
	<-time.After(500 * time.Millisecond)
	if now := n.passed.Load(); now != hung {
		t.Errorf("%d requests passed while the guard hung, want 0", now-hung)
	}
	signal(unix.SIGCONT)
	more(&n.passed)
	signal(unix.SIGKILL)
	_ = ended(t, g) // it was killed
	g = l.start(t)
	more(&n.passed)
	end(t, g)
	g = l.start(t)
	more(&n.passed)
	more(&n.forbidden)
	cancel()
	all.Wait()
	end(t, g)
	if got := l.send(t, "GET", request("GET", "/v1.41/info", "")); got.Code == 200 {
		t.Error("the engine answers without its guard")
	}
	t.Logf("%d forbidden requests, %d harmless, of them %d refused while no guard answered", n.forbidden.Load(), n.harmless.Load(), n.refused.Load())
	if err := os.Remove(filepath.Join(l.dir, "journal")); err != nil {
		t.Error(err)
	}
}
