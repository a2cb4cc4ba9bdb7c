package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/internal/engine"
	"bulkhead/internal/guard"
	"bulkhead/internal/guard/wire"
	"bulkhead/internal/rules"
	"bulkhead/internal/source"
)

// nothing is an engine without anything.
type nothing struct{}

func (nothing) Object(context.Context, engine.Kind, string) (*source.File, error) {
	return nil, engine.ErrNotFound
}

func (nothing) Info(context.Context) (*source.File, error) {
	return source.NewFile("info", []byte(`{"ServerVersion":"20.10.24","DockerRootDir":"/var/lib/docker"}`)), nil
}

// BenchmarkDecide is the guard's own part of a request.
func BenchmarkDecide(b *testing.B) {
	harmless := `{"Image":"app:1","Env":["A=b"],"HostConfig":{"Binds":["data:/data","/srv/app:/app:ro"],"CapDrop":["ALL"],"Memory":67108864}}`
	for name, r := range map[string]guard.Request{
		"read":   {Method: "GET", URI: "/v1.41/containers/json"},
		"create": {Method: "POST", URI: "/v1.41/containers/create", Body: []byte(harmless)},
		"denied": {Method: "POST", URI: "/v1.41/containers/create", Body: []byte(bad)},
	} {
		b.Run(name, func(b *testing.B) {
			g := &guard.Guard{Engine: nothing{}, State: &guard.State{Dir: b.TempDir()}, Journal: guard.NewJournal(io.Discard), Timeout: time.Minute}
			g.SetPolicy(guard.DefaultPolicy(rules.All()))
			if err := g.State.Open(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if d := g.Decide(b.Context(), r); d.Allow == (name == "denied") {
					b.Fatalf("got allow %v", d.Allow)
				}
			}
		})
	}
}

// BenchmarkEngine is what a guard adds to the engine's calls, beside what a
// plugin adds that reads nothing and says yes, and what the guard needs at 200
// requests a second. It runs once whatever b.N is: the numbers are its metrics.
func BenchmarkEngine(b *testing.B) {
	l := newLive(b)
	calls := map[string][]byte{
		"read":   request("GET", "/v1.41/containers/json", ""),
		"create": request("POST", "/v1.41/containers/create", `{"Image":"nowhere:1","HostConfig":{"Binds":["data:/data"],"CapDrop":["ALL"]}}`),
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", strings.TrimPrefix(l.host, "unix://"))
	}}}
	g := l.start(b)
	wireOnly, netHTTP := l.nothing(b, "wire"), l.nothing(b, "nethttp")
	plugins := []string{"", "bulkhead", "wire", "nethttp"}
	took := map[string][]time.Duration{}
	for round := range 8 { // in turns, because the machine is not always as quiet
		for i := range plugins {
			plugin := plugins[(i+round)%len(plugins)]
			list := ""
			if plugin != "" {
				list = fmt.Sprintf("%q", plugin)
			}
			l.configure(b, `{"authorization-plugins": [`+list+`]}`)
			for name, text := range calls {
				sample(b, client, text, 30) // connections and caches
				took[plugin+name] = append(took[plugin+name], sample(b, client, text, 120)...)
			}
		}
	}
	for _, all := range took {
		slices.Sort(all)
	}
	for _, plugin := range plugins[1:] {
		for name := range calls {
			for _, percent := range []int{50, 99} {
				added := at(took[plugin+name], percent) - at(took[name], percent)
				b.ReportMetric(float64(added)/1e6, fmt.Sprintf("%s-%s-added-ms-p%d", plugin, name, percent))
			}
		}
	}
	l.configure(b, `{"authorization-plugins": ["bulkhead"]}`)
	const rate, seconds, workers = 200, 10, 4
	start := time.Now()
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			tick := time.NewTicker(workers * time.Second / rate)
			defer tick.Stop()
			for i := range rate * seconds / workers {
				<-tick.C
				if _, err := timed(b.Context(), client, calls[[...]string{"read", "create"}[i%2]]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(rate*seconds/time.Since(start).Seconds(), "requests/s")
	b.ReportMetric(peak(b, g.Process.Pid), "peak-MB")
	for _, plugin := range []*exec.Cmd{g, wireOnly, netHTTP} {
		end(b, plugin)
	}
	l.configure(b, `{}`)
}

// nothing starts a plugin of that name that says yes to everything.
func (l *live) nothing(b *testing.B, name string) *exec.Cmd {
	b.Helper()
	socket := filepath.Join(filepath.Dir(l.socket()), name+".sock")
	cmd := command(b, name, socket)
	cmd.Env = append(cmd.Env, nothingVariable+"=1")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	for guard.Ping(ctx, socket) != nil {
		if ctx.Err() != nil {
			b.Fatalf("the plugin %s does not answer", name)
		}
		<-time.After(10 * time.Millisecond)
	}
	return cmd
}

// serveNothing is the process of such a plugin: what any plugin costs that is
// made of wire, and of net/http. It ends with SIGTERM.
func serveNothing(kind, socket string) error {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	defer stop()
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	text := func(path string) []byte {
		if path == "/Plugin.Activate" {
			return []byte(`{"Implements":["authz"]}`)
		}
		return []byte(`{"Allow":true}`)
	}
	if kind == "wire" {
		s := wire.Server{
			Answer:  func(_ context.Context, q *wire.Question) wire.Answer { return wire.Answer{Body: text(q.Path)} },
			Type:    "application/json",
			MaxBody: 1 << 20, Wait: time.Second, Idle: time.Minute,
		}
		return s.Serve(ctx, l)
	}
	s := http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // as wire does
		_, _ = w.Write(text(r.URL.Path))
	})}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// sample sends a request n times and returns how long each took.
func sample(b *testing.B, client *http.Client, text []byte, n int) []time.Duration {
	b.Helper()
	out := make([]time.Duration, 0, n)
	for range n {
		took, err := timed(b.Context(), client, text)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, took)
	}
	return out
}

// timed sends a request as written by request and returns how long it took.
func timed(ctx context.Context, client *http.Client, text []byte) (time.Duration, error) {
	head, body, _ := strings.Cut(string(text), "\r\n\r\n")
	method, rest, _ := strings.Cut(head, " ")
	target, _, _ := strings.Cut(rest, " ")
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+target, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	took := time.Since(start)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != 200 && resp.StatusCode != 404 {
		return 0, fmt.Errorf("%s %s: %s: %w", method, target, resp.Status, err)
	}
	return took, nil
}

func at(sorted []time.Duration, percent int) time.Duration { return sorted[len(sorted)*percent/100] }

// peak returns the most memory a process has had, in MB.
func peak(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kb float64
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}
