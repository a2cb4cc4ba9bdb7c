package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulkhead/internal/guard/proxy"
)

// A crowd asks the front without a pause, for what is allowed and for what is
// not, and counts.
type crowd struct {
	answered, lost, wrong atomic.Int64
	all                   sync.WaitGroup
}

func (c *crowd) ask(ctx context.Context, t *testing.T, client *http.Client) {
	const forbidden = `{"Image":"app:1","HostConfig":{"Privileged":true}}`
	for i := 0; ctx.Err() == nil; i++ {
		method, path, body, want := http.MethodGet, "/v1.41/containers/json", "", http.StatusOK
		if i%2 == 1 && client.Transport.(*http.Transport).DisableKeepAlives {
			method, path, body, want = http.MethodPost, "/v1.41/containers/create", forbidden, http.StatusForbidden
		}
		req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), method, "http://docker"+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		resp, err := client.Do(req)
		if err != nil {
			c.lost.Add(1)
			t.Log(err)
			continue
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close() // it has been read
		if err != nil || resp.StatusCode != want {
			c.wrong.Add(1)
			t.Errorf("%s %s: got %d %.100s, %v, want %d", method, path, resp.StatusCode, text, err, want)
		}
		c.answered.Add(1)
	}
}

// TestRestart: proxies that take turns on one socket, as systemd keeps it,
// under load: no request is lost, and none is answered wrongly.
func TestRestart(t *testing.T) {
	f := newFront(t, noEngine{}, "", "")
	engine := &fake{}
	defer engine.start(t, f)()
	path := filepath.Join(f.dir, "kept.sock")
	kept, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = kept.Close() }() // each proxy had one of its own
	file, err := kept.File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // as above
	serve := func() (stop func()) {
		l, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		done := make(chan error, 1)
		p := proxy.New(filepath.Join(f.dir, "engine.sock"), f.guard)
		go func() { done <- p.Serve(ctx, l) }()
		return func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("serve: got %v, want nil", err)
			}
		}
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	var c crowd
	for i := range 6 {
		one := client(path)
		one.Transport.(*http.Transport).DisableKeepAlives = i%3 != 0
		c.all.Go(func() { c.ask(ctx, t, one) })
	}
	deadline := time.After(patience)
	for range 15 {
		stop := serve()
		for want := c.answered.Load() + 60; c.answered.Load() < want; {
			select {
			case <-deadline:
				t.Fatal("the proxies do not answer")
			case <-time.After(time.Millisecond):
			}
		}
		stop()
	}
	end()
	stop := serve() // for those that ask still
	c.all.Wait()
	stop()
	if c.lost.Load() > 0 || c.wrong.Load() > 0 {
		t.Errorf("%s, want none lost", fmt.Sprintf("%d answered, %d lost, %d wrong", c.answered.Load(), c.lost.Load(), c.wrong.Load()))
	}
	t.Logf("%d answered over 15 restarts", c.answered.Load())
}
