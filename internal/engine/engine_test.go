package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// serve answers on a unix socket as an engine would and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e") //nolint:usetesting // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go s.Serve(l) //nolint:errcheck // it ends with Close
	t.Cleanup(func() { s.Close() })
	return "unix://" + path
}

// reply writes an answer; a client that is gone does not matter.
func reply(w http.ResponseWriter, text string) { _, _ = io.WriteString(w, text) }

// fake answers with the JSON of each path; version is its API.
func fake(version string, answers map[string]string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/version", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, fmt.Sprintf(`{"Version":"1","ApiVersion":%q}`, version))
	})
	for path, text := range answers {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if message, failed := strings.CutPrefix(text, "!"); failed {
				w.WriteHeader(http.StatusInternalServerError)
				text = fmt.Sprintf(`{"message":%q}`, message)
			}
			reply(w, text)
		})
	}
	return mux
}

func TestVersions(t *testing.T) {
	for api, want := range map[string]string{"1.24": "1.24", "1.41": "1.41", "1.99": "1.56"} {
		e, err := Open(t.Context(), Options{Host: serve(t, fake(api, nil))})
		if err != nil {
			t.Errorf("API %s: %v", api, err)
			continue
		}
		if e.API != want {
			t.Errorf("API %s: speaks %s, want %s", api, e.API, want)
		}
		e.Close()
	}
	for _, api := range []string{"1.12", ""} {
		if _, err := Open(t.Context(), Options{Host: serve(t, fake(api, nil))}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("API %q: got %v, want ErrUnsupported", api, err)
		}
	}
}

func TestErrors(t *testing.T) {
	dead := filepath.Join(t.TempDir(), "dead")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: dead})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]error{
		"unix:///nonexistent/docker.sock": ErrNotRunning,
		"unix://" + dead:                  ErrNotRunning,
		"ssh://me@example.com":            ErrUnsupported,
		"nonsense":                        ErrUnsupported,
		serve(t, http.NotFoundHandler()):  ErrNotFound,
		serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, "<html>") })): ErrUnsupported,
		serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) })): ErrPermission,
	} {
		_, err := Open(t.Context(), Options{Host: host})
		var e *Error
		if !errors.Is(err, want) || !errors.As(err, &e) || e.Host != host {
			t.Errorf("%s: got %v, want %v", host, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Options{Host: serve(t, fake("1.41", nil))}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, want context.Canceled", err)
	}
}

// TestFind: DOCKER_HOST wins over a context, which wins over the sockets.
func TestFind(t *testing.T) {
	live, other := serve(t, fake("1.41", nil)), serve(t, fake("1.40", nil))
	sum := sha256.Sum256([]byte("remote"))
	config := t.TempDir()
	meta := filepath.Join(config, "contexts/meta", hex.EncodeToString(sum[:]))
	if err := os.MkdirAll(meta, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(meta, "meta.json"), `{"Name":"remote","Endpoints":{"docker":{"Host":"`+other+`"}}}`)
	write(filepath.Join(config, "config.json"), `{"currentContext":"remote"}`)
	env := func(vars ...string) environment {
		m := map[string]string{}
		for i := 0; i < len(vars); i += 2 {
			m[vars[i]] = vars[i+1]
		}
		return environment{
			getenv: func(k string) string { return m[k] },
			home:   t.TempDir(),
			exists: func(path string) bool { return path == filepath.Join(m["XDG_RUNTIME_DIR"], "docker.sock") },
		}
	}
	runtimeDir := t.TempDir()
	if err := os.Symlink(strings.TrimPrefix(live, "unix://"), filepath.Join(runtimeDir, "docker.sock")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		env  environment
		host string
		err  error
	}{
		{"host", env("DOCKER_HOST", live, "DOCKER_CONFIG", config), live, nil},
		{"current context", env("DOCKER_CONFIG", config), other, nil},
		{"default context", env("DOCKER_CONFIG", config, "DOCKER_CONTEXT", "default", "XDG_RUNTIME_DIR", runtimeDir), "unix://" + runtimeDir + "/docker.sock", nil},
		{"missing context", env("DOCKER_CONFIG", config, "DOCKER_CONTEXT", "gone"), "", os.ErrNotExist},
		{"rootless", env("XDG_RUNTIME_DIR", runtimeDir), "unix://" + runtimeDir + "/docker.sock", nil},
		{"none", env("XDG_RUNTIME_DIR", "/nonexistent", "DOCKER_CONFIG", "/nonexistent"), "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "none" {
				tt.env.exists, tt.err = func(string) bool { return false }, ErrNone
			}
			e, err := open(t.Context(), Options{}, tt.env)
			if !errors.Is(err, tt.err) || tt.err != nil && err == nil {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err == nil && e.Host != tt.host {
				t.Errorf("found %s, want %s", e.Host, tt.host)
			}
		})
	}
}

// TestOneFails: an object that cannot be read, or has gone, does not hide the
// others.
func TestOneFails(t *testing.T) {
	host := serve(t, fake("1.41", map[string]string{
		"/v1.41/containers/json":   `[{"Id":"a","Names":["/ok"]},{"Id":"b","Names":["/broken"]},{"Id":"c","Names":["/gone"]}]`,
		"/v1.41/containers/a/json": `{"Id":"a","Name":"/ok","Config":{"Image":"x"},"HostConfig":{}}`,
		"/v1.41/containers/b/json": `!layer is lost`,
		"/v1.41/volumes":           `{"Volumes":null}`,
		"/v1.41/networks":          `!no`,
		"/v1.41/images/json":       `[]`,
		"/v1.41/info":              `{"ServerVersion":"1"}`,
	}))
	e, err := Open(t.Context(), Options{Host: host})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := e.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(facts.Workloads) != 1 || facts.Workloads[0].Name != "ok" {
		t.Errorf("%d workloads, want the one called ok", len(facts.Workloads))
	}
	var notes []string
	for _, n := range facts.Notes {
		notes = append(notes, n.What)
	}
	if got, want := strings.Join(notes, ", "), "container broken, networks of the engine"; got != want {
		t.Errorf("notes on %q, want %q", got, want)
	}
}

// TestBound: an answer without an end is cut off.
func TestBound(t *testing.T) {
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 1<<20))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	if _, err := Open(t.Context(), Options{Host: host}); err == nil || !strings.Contains(err.Error(), "larger than 64 MB") {
		t.Errorf("got %v, want an answer larger than 64 MB", err)
	}
}

func TestWith(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":1}`:      `{"a":1,"K":2}`,
		"{ }\n":        `{ "K":2}`,
		`[1]`:          `[1]`,
		`"}"`:          `"}"`,
		"{\"a\":{}}\n": `{"a":{},"K":2}`,
	} {
		if got := string(with([]byte(text), "K", 2)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
