package guard_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/guard"
	"bulkhead/internal/rules"
)

// A live is an engine of the test's own, in a network namespace of its own,
// with a guard in front of it.
type live struct {
	dir     string // holds everything of it
	host    string // its address
	daemon  *exec.Cmd
	waiting map[string]chan struct{} // closed when the engine's log has said that
	mu      sync.Mutex
}

// patience bounds every wait.
const patience = 60 * time.Second

// newLive starts an engine without a guard. The test's DOCKER_HOST is set to
// it. It is skipped where that cannot be.
func newLive(t testing.TB) *live {
	t.Helper()
	for _, tool := range []string{"dockerd", "docker", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no engine: %s is not installed", tool)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("no engine: starting one needs root")
	}
	dir, err := os.MkdirTemp("", "guard") //nolint:usetesting // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	l := &live{dir: dir, host: "unix://" + dir + "/docker.sock", waiting: map[string]chan struct{}{}}
	l.write(t, "daemon.json", "{}")
	if err := os.MkdirAll(filepath.Join(dir, "run", "plugins"), 0o755); err != nil {
		t.Fatal(err)
	}
	l.daemon = exec.Command("unshare", "-n", "-m", "sh", "-c",
		`mkdir -p /run/docker && mount --bind "$0/run" /run/docker && ip link set lo up && exec dockerd "$@"`, dir,
		"--host", l.host, "--data-root", dir+"/data", "--exec-root", dir+"/exec", "--pidfile", dir+"/pid",
		"--config-file", dir+"/daemon.json", "--iptables=false", "--ip-forward=false", "--ip-masq=false")
	logs, err := l.daemon.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	listening := l.when("API listen on")
	if err := l.daemon.Start(); err != nil {
		t.Skipf("no engine: %v", err)
	}
	read := make(chan struct{})
	var last []string
	go func() { defer close(read); last = l.follow(logs) }()
	t.Cleanup(func() {
		if err := l.daemon.Process.Signal(unix.SIGTERM); err != nil {
			t.Errorf("stop dockerd: %v", err)
		}
		select {
		case <-read:
		case <-time.After(patience):
			t.Error("dockerd does not stop, so it is killed")
			_ = l.daemon.Process.Kill() // it may have stopped just now
			<-read
		}
		_ = l.daemon.Wait() // its exit code says nothing after a signal
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the engine's folder: %v", err)
		}
	})
	select {
	case <-listening:
	case <-read:
		t.Skipf("no engine: dockerd did not start:\n%s", strings.Join(last, "\n"))
	case <-time.After(patience):
		t.Skip("no engine: dockerd does not answer")
	}
	t.Setenv("DOCKER_HOST", l.host)
	t.Setenv("DOCKER_BUILDKIT", "0")
	return l
}

// follow reads the engine's log to its end and returns its last lines.
func (l *live) follow(logs io.Reader) []string {
	var last []string
	lines := bufio.NewScanner(logs)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		last = append(last, lines.Text())
		if len(last) > 20 {
			last = last[1:]
		}
		l.mu.Lock()
		for text, c := range l.waiting {
			if strings.Contains(lines.Text(), text) {
				close(c)
				delete(l.waiting, text)
			}
		}
		l.mu.Unlock()
	}
	return last
}

// when returns a channel that is closed when the engine's log says text.
func (l *live) when(text string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := make(chan struct{})
	l.waiting[text] = c
	return c
}

func (l *live) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (l *live) socket() string { return filepath.Join(l.dir, "run", "plugins", "bulkhead.sock") }

// serve starts a guard in this process with that policy and returns what stops
// it.
func (l *live) serve(t testing.TB, policy string) (stop func()) {
	t.Helper()
	p, err := guard.ParsePolicy([]byte(policy), rules.All())
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Options{Host: l.host})
	if err != nil {
		t.Fatal(err)
	}
	journal, err := os.OpenFile(filepath.Join(l.dir, "journal"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(l.dir, "state")
	g := &guard.Guard{
		Engine: e, State: &guard.State{Dir: state}, Journal: guard.NewJournal(journal),
		Protect: []string{state}, Timeout: 20 * time.Second,
	}
	g.SetPolicy(p)
	if err := g.State.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	socket, err := guard.Listen(ctx, l.socket())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- g.Serve(ctx, socket) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("serve: %v", err)
		}
		e.Close()
		if err := journal.Close(); err != nil {
			t.Error(err)
		}
	})
}

// enable makes the engine ask the guard until the end of the test, as guard
// install does it.
func (l *live) enable(t testing.TB) {
	t.Helper()
	l.configure(t, `{"authorization-plugins": ["bulkhead"]}`)
	t.Cleanup(func() { l.configure(t, `{}`) }) // what made the fixtures removes them
}

// configure makes text the engine's configuration.
func (l *live) configure(t testing.TB, text string) {
	t.Helper()
	l.write(t, "daemon.json", text)
	reloaded := l.when("Reloaded configuration")
	if err := l.daemon.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case <-reloaded:
	case <-time.After(patience):
		t.Fatal("the engine did not read its configuration again")
	}
}

// A reply is what came back of a raw request; Code is 0 where nothing did.
type reply struct {
	Code int
	Text string
}

// send sends text as it is to the engine's socket.
func (l *live) send(t testing.TB, method string, text []byte) reply {
	t.Helper()
	conn, err := net.Dial("unix", strings.TrimPrefix(l.host, "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// A body the engine does not want may not be taken to its end.
	go func() { _, _ = conn.Write(text) }()
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, &http.Request{Method: method})
	if err == nil && resp.StatusCode == http.StatusContinue {
		resp, err = http.ReadResponse(in, &http.Request{Method: method})
	}
	if err != nil {
		return reply{Text: err.Error()}
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // a stream is cut by the end of the connection
	var said struct{ Message string }
	if json.Unmarshal(body, &said) == nil && said.Message != "" {
		return reply{resp.StatusCode, said.Message}
	}
	return reply{resp.StatusCode, string(body)}
}

// request writes a plain request.
func request(method, path, body string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n", method, path)
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	} else if method == "POST" || method == "PUT" {
		b.WriteString("Content-Length: 0\r\n")
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

// fixtures makes what was there before the guard, and returns what stands for
// it in the tables.
func (l *live) fixtures(t testing.TB) *strings.Replacer {
	t.Helper()
	enginetest.Image(t, "box:1")
	if err := os.MkdirAll(filepath.Join(l.dir, "links"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{
		"link-etc": "/etc", "link-root": "/", "link-run": "/run", "link-sock": "/run/docker.sock", "link-mem": "/dev/mem",
		"links/deep": "../link-etc", "dangling": "/etc/not-there-yet",
	} {
		if err := os.Symlink(to, filepath.Join(l.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	docker := enginetest.Docker
	t.Cleanup(func() { docker(t, append([]string{"rm", "-f"}, strings.Fields(docker(t, "ps", "-aq"))...)...) })
	for _, tag := range []string{"test/wireguard:1", "test/openvpn:1"} {
		docker(t, "tag", "box:1", tag)
	}
	privileged := docker(t, "create", "--name", "old-priv", "--privileged", "box:1")
	pid := docker(t, "create", "--name", "old-pid", "--pid", "host", "box:1")
	docker(t, "create", "--name", "old-chain", "--pid", "container:old-pid", "box:1")
	docker(t, "create", "--name", "old-net", "--network", "host", "box:1")
	docker(t, "create", "--name", "old-ipc", "--ipc", "host", "box:1")
	docker(t, "create", "--name", "old-etc", "-v", "/etc:/x", "box:1")
	docker(t, "volume", "create", "-o", "type=none", "-o", "o=bind", "-o", "device=/etc", "old-vol")
	docker(t, "run", "-d", "--name", "plain", "box:1")
	docker(t, "run", "-d", "--name", "running-pid", "--pid", "host", "box:1")
	execPID := l.exec(t, "running-pid", `{"Cmd":["/app"]}`)
	execPriv := l.exec(t, "plain", `{"Cmd":["/app"],"Privileged":true}`)
	host := docker(t, "network", "inspect", "-f", "{{.Id}}", "host")
	return strings.NewReplacer("${DIR}", l.dir, "${PRIV_ID}", privileged, "${PRIV_SHORT}", privileged[:6],
		"${EXEC_PID}", execPID, "${EXEC_PRIV}", execPriv, "${PID_ID}", pid, "${PID_SHORT}", pid[:6], "${HOST_NET}", host, "${HOST_SHORT}", host[:8])
}

// exec asks for a program in a container, without starting it, and returns its
// id.
func (l *live) exec(t testing.TB, container, body string) string {
	t.Helper()
	got := l.send(t, "POST", request("POST", "/v1.41/containers/"+container+"/exec", body))
	id := guard.MadeID([]byte(got.Text))
	if got.Code != http.StatusCreated || id == "" {
		t.Fatalf("exec in %s: got %d %s, want an id", container, got.Code, got.Text)
	}
	return id
}
