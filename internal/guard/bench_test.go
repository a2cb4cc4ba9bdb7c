package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/guard"
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

// BenchmarkEngine is what a guard adds to the engine's calls, and what it needs
// at 200 requests a second. It runs once whatever b.N is: the numbers are its
// metrics.
func BenchmarkEngine(b *testing.B) {
	l := newLive(b)
	calls := map[string][]byte{
		"read":   request("GET", "/v1.41/containers/json", ""),
		"create": request("POST", "/v1.41/containers/create", `{"Image":"nowhere:1","HostConfig":{"Binds":["data:/data"],"CapDrop":["ALL"]}}`),
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", strings.TrimPrefix(l.host, "unix://"))
	}}}
	plain := map[string][]time.Duration{}
	for name, text := range calls {
		plain[name] = sample(b, client, text, 500)
	}
	g := l.start(b)
	l.configure(b, `{"authorization-plugins": ["bulkhead"]}`)
	for name, text := range calls {
		with := sample(b, client, text, 500)
		b.ReportMetric(float64(at(with, 50)-at(plain[name], 50))/1e6, name+"-added-ms-p50")
		b.ReportMetric(float64(at(with, 99)-at(plain[name], 99))/1e6, name+"-added-ms-p99")
	}
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
	end(b, g)
	l.configure(b, `{}`)
}

// sample sends a request n times and returns how long each took, sorted.
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
	slices.Sort(out)
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
