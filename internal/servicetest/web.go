package servicetest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// A request is one over HTTP, of what answers it in one of want.
type request struct {
	method, url, body string
	header            http.Header
	want              int
	through           string // URL of a proxy
}

// do sends a request and returns the answer and its header.
func (r *request) do(ctx context.Context) (string, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		return "", nil, err
	}
	if r.header != nil {
		req.Header = r.header
	}
	transport := &http.Transport{DisableKeepAlives: true}
	if r.through != "" {
		proxy, err := url.Parse(r.through)
		if err != nil {
			return "", nil, err
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return "", nil, err
	}
	text, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // all of it was read
	if err == nil && resp.StatusCode != r.want && (r.want != 0 || resp.StatusCode/100 != 2) {
		err = fmt.Errorf("%s %s: got status %s, want %d\n%s", r.method, r.url, resp.Status, r.want, text)
	}
	return string(text), resp.Header, err
}

// testDAV writes a file with PUT, reads it with GET, and deletes it.
func testDAV(ctx context.Context, t *Target) error {
	address, text := "http://"+t.Host()+"/files/"+word(), word()
	for _, r := range []request{{method: http.MethodPut, url: address, body: text}, {method: http.MethodGet, url: address}, {method: http.MethodDelete, url: address}} {
		got, _, err := r.do(ctx)
		if err != nil {
			return err
		}
		if r.method == http.MethodGet {
			if err := same("file", got, text); err != nil {
				return err
			}
		}
	}
	_, _, err := (&request{method: http.MethodGet, url: address, want: http.StatusNotFound}).do(ctx)
	return err
}

// serve answers requests from containers with the word they are for, until the
// end of ctx, and returns its address.
func serve(ctx context.Context, t *Target, answer string) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(t.Gateway, "0"))
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		_, _ = io.WriteString(w, answer+r.URL.Path) // who asks no longer listens
	})}
	go func() { _ = server.Serve(l) }()                   // it ends with the listener
	context.AfterFunc(ctx, func() { _ = server.Close() }) // it never fails twice
	return l.Addr().String(), nil
}

// testHAProxy sends a request to a backend.
func testHAProxy(ctx context.Context, t *Target) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	text, path := word(), "/"+word()
	backend, err := serve(ctx, t, text)
	if err != nil {
		return err
	}
	got, header, err := (&request{method: http.MethodGet, url: "http://" + t.Host() + path, header: http.Header{"X-Backend": {backend}}}).do(ctx)
	if err != nil {
		return err
	}
	if err := same("answer of the backend", got, text+path); err != nil {
		return err
	}
	return same("header", header.Get("X-Through"), "haproxy")
}

// testSquid fetches a page twice, the second time out of the cache.
func testSquid(ctx context.Context, t *Target) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	text, path := word(), "/"+word()
	origin, err := serve(ctx, t, text)
	if err != nil {
		return err
	}
	for _, from := range []string{"MISS from ", "HIT from "} {
		got, header, err := (&request{method: http.MethodGet, url: "http://" + origin + path, through: "http://" + t.Host()}).do(ctx)
		if err != nil {
			return err
		}
		if err := same("page", got, text+path); err != nil {
			return err
		}
		if cache := header.Get("X-Cache"); !strings.HasPrefix(cache, from) {
			return fmt.Errorf("X-Cache: got %q, want %q and a name", cache, from)
		}
	}
	return nil
}
