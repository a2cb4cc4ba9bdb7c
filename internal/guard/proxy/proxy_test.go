package proxy_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/guard"
	"bulkhead/internal/guard/proxy"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// A noEngine knows of nothing.
type noEngine struct{}

func (noEngine) Object(context.Context, engine.Kind, string) (*source.File, error) {
	return nil, engine.ErrNotFound
}

func (noEngine) Info(context.Context) (*source.File, error) { return nil, engine.ErrNotFound }

// A front is a proxy that serves a test.
type front struct {
	dir, socket string
	journal     *lockedBuffer
	recorder    *proxy.Recorder
	guard       *guard.Guard
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newFront starts a proxy with that policy in front of the engine whose socket
// is at that path; "" is one in the front's own folder.
func newFront(t testing.TB, e guard.Engine, path, policy string) *front {
	t.Helper()
	dir, err := os.MkdirTemp("", "proxy") //nolint:usetesting // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	f := &front{dir: dir, socket: filepath.Join(dir, "docker.sock"), journal: &lockedBuffer{}, recorder: &proxy.Recorder{}}
	if path == "" {
		path = filepath.Join(dir, "engine.sock")
	}
	p, err := guard.ParsePolicy([]byte(policy), rules.All())
	if err != nil {
		t.Fatal(err)
	}
	f.guard = &guard.Guard{Engine: e, State: &guard.State{Dir: dir + "/state"}, Journal: guard.NewJournal(f.journal), Timeout: 20 * time.Second}
	f.guard.SetPolicy(p)
	if err := f.guard.State.Open(); err != nil {
		t.Fatal(err)
	}
	front := proxy.New(path, f.guard)
	front.Seen = f.recorder.Seen
	l, err := guard.Listen(t.Context(), f.socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- front.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the proxy ended with %v", err)
		}
	})
	return f
}

// A fake is an engine that answers as it is told, and keeps what it was sent.
type fake struct {
	mu   sync.Mutex
	seen []string
}

func (f *fake) log() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.seen, "\n")
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	f.mu.Lock()
	f.seen = append(f.seen, fmt.Sprintf("%s %s %d %v %v", r.Method, r.RequestURI, len(body), r.Header["Upgrade"], err))
	f.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/export") { // it dies in the middle
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

// start makes f answer at the front's own engine socket and returns what stops
// it.
func (f *fake) start(t testing.TB, at *front) (stop func()) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(at.dir, "engine.sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: f}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l) // until it is closed
	}()
	return sync.OnceFunc(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
}

// say sends text on a connection of its own and returns all that comes back.
func (f *front) say(t testing.TB, text string) string {
	t.Helper()
	c, err := net.Dial("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // all of it has been read
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, text) }() // refused requests are not read to their end
	out, _ := io.ReadAll(c)
	return string(out)
}

// TestRequests: what reaches the engine is what was judged, written in one way.
func TestRequests(t *testing.T) {
	f := newFront(t, noEngine{}, "", "")
	var e fake
	defer e.start(t, f)()
	const end = "Host: x\r\nConnection: close\r\n\r\n"
	privileged := `{"Image":"a","HostConfig":{"Privileged":true}}`
	chunked := func(body string) string { return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body) }
	padded := `{"Image":"a","x":"` + strings.Repeat("x", 3<<20) + `","HostConfig":{"Privileged":true}}`
	for _, c := range []struct{ name, send, status, engine string }{
		{"plain", "GET /v1.41/info HTTP/1.1\r\n" + end, "200", "GET /v1.41/info 0"},
		{"encoded", "GET /v1.41/%69nfo?a=%62&&b HTTP/1.1\r\n" + end, "200", "GET /v1.41/info?a=b&b= 0"},
		{"encoded slash", "GET /images/a%2Fb/json HTTP/1.1\r\n" + end, "200", "GET /images/a/b/json 0"},
		{"absolute", "GET http://docker/info HTTP/1.1\r\n" + end, "400", ""},
		{"two slashes", "GET //info HTTP/1.1\r\n" + end, "400", ""},
		{"dots", "GET /images/../info HTTP/1.1\r\n" + end, "400", ""},
		{"encoded dots", "GET /images/%2e%2e/info HTTP/1.1\r\n" + end, "400", ""},
		{"old", "GET /v1.23/info HTTP/1.1\r\n" + end, "400", ""},
		{"semicolon", "GET /info?a;b HTTP/1.1\r\n" + end, "400", ""},
		{"connect", "CONNECT docker:80 HTTP/1.1\r\n" + end, "400", ""},
		{"star", "OPTIONS * HTTP/1.1\r\n" + end, "400", ""},
		{"unknown", "GET /debug/pprof HTTP/1.1\r\n" + end, "403", ""},
		{"two lengths", "POST /containers/a/stop HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 30\r\n" + end, "400", ""},
		{"both lengths", "POST /containers/a/stop HTTP/1.1\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n" + end + "0\r\n\r\n", "200", "POST /containers/a/stop 0"},
		{"odd coding", "POST /containers/a/stop HTTP/1.1\r\nTransfer-Encoding: chunked, identity\r\n" + end + "0\r\n\r\n", "501", ""},
		{"space in name", "POST /containers/a/stop HTTP/1.1\r\nContent-Length : 5\r\n" + end, "400", ""},
		{"folded", "GET /info HTTP/1.1\r\nX: a\r\n b\r\n" + end, "200", "GET /info 0"},
		{"hidden request", "GET /info HTTP/1.1\r\nContent-Length: 33\r\n" + end + "POST /swarm/init HTTP/1.1\r\nHost: x", "200", "GET /info 33"},
		{"upgrade where there is none", "POST /containers/a/stop HTTP/1.1\r\nUpgrade: h2c\r\nHost: x\r\nConnection: Upgrade, close\r\nContent-Length: 0\r\n\r\n", "200", "POST /containers/a/stop 0 []"},
		{"two types", "POST /containers/a/stop HTTP/1.1\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n" + end, "400", ""},
		{"session without upgrade", "POST /session HTTP/1.1\r\n" + end, "400", ""},
		{"session", "POST /session HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n", "403", ""},
		{"chunked", "POST /containers/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + end + chunked(privileged), "403", ""},
		{"padded", "POST /containers/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + end + chunked(padded), "403", ""},
		{"padded and harmless", "POST /containers/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + end + chunked(strings.ReplaceAll(padded, "true", "false")), "200", "POST /containers/create 31457"},
		{"too large", fmt.Sprintf("POST /containers/create HTTP/1.1\r\nContent-Length: %d\r\n%s%s", 9<<20, end, strings.Repeat(" ", 9<<20)), "413", ""},
		{"named upgrade", "POST /containers/create HTTP/1.1\r\nConnection: Content-Type, close\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nHost: x\r\n\r\n{}", "200", "POST /containers/create 2"},
		{"cut", "GET /containers/a/export HTTP/1.1\r\n" + end, "200", "GET /containers/a/export 0"},
	} {
		before := e.log()
		got := f.say(t, c.send)
		sent := strings.TrimPrefix(strings.TrimPrefix(e.log(), before), "\n")
		if !strings.HasPrefix(got, "HTTP/1.1 "+c.status) || !strings.HasPrefix(sent, c.engine) || (sent == "") != (c.engine == "") || strings.Contains(sent, "\n") {
			t.Errorf("%s: got %.80q, sent on %q\nwant %s, %q", c.name, got, sent, c.status, c.engine)
		}
		if c.name == "cut" && strings.HasSuffix(got, "0\r\n\r\n") {
			t.Errorf("an answer that was cut looks whole: %q", got)
		}
	}
	if log := f.journal.String(); !strings.Contains(log, fmt.Sprintf(`"peer":"uid %d gid %d pid %d`, os.Getuid(), os.Getgid(), os.Getpid())) {
		t.Errorf("the journal does not say who asked: %.500s", log)
	}
}

// TestEngineGone: without an engine every answer says so, and with it again
// every answer is its own.
func TestEngineGone(t *testing.T) {
	f := newFront(t, noEngine{}, "", "")
	ask := "POST /containers/a/stop HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	attach := "POST /containers/a/attach HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"
	var e fake
	for range 3 {
		for _, send := range []string{ask, attach} {
			if got := f.say(t, send); !strings.HasPrefix(got, "HTTP/1.1 503") || !strings.Contains(got, `"bulkhead: the engine does not answer: `) {
				t.Errorf("without an engine: got %q, want 503", got)
			}
		}
		stop := e.start(t, f)
		if got := f.say(t, ask); !strings.HasPrefix(got, "HTTP/1.1 200") {
			t.Errorf("with an engine: got %q, want 200", got)
		}
		stop()
	}
}

// FuzzRequest: whatever is sent, what is written to the engine is one request,
// and is read there as what was judged.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		"GET /v1.41/containers/json?all=1 HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /v1.41/containers/a%2Fb/start?x=%0d%0a HTTP/1.1\r\nHost: x\r\nConnection: X-A, close\r\nX-A: b\r\n\r\n",
		"POST /exec/a/start HTTP/1.1\r\nHost: x\r\nUpgrade: tcp\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return
		}
		judged, sent, ok := proxy.Rewrite(r)
		if !ok {
			return
		}
		in := bufio.NewReader(bytes.NewReader(sent))
		again, err := http.ReadRequest(in)
		if err != nil {
			t.Fatalf("%q is not read again: %v", sent, err)
		}
		if again.Method != judged.Method || again.RequestURI != judged.URI {
			t.Errorf("judged %s %s, sent %s %s", judged.Method, judged.URI, again.Method, again.RequestURI)
		}
		if rest, _ := io.ReadAll(in); len(rest) > 0 {
			t.Errorf("%q follows the request", rest)
		}
		if again.URL.Path != r.URL.Path {
			t.Errorf("the path %q became %q", r.URL.Path, again.URL.Path)
		}
		if _, again2, ok := proxy.Rewrite(again); !ok || !bytes.Equal(again2, sent) {
			t.Errorf("a second proxy would send %q, not %q", again2, sent)
		}
	})
}
