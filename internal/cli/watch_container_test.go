package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bulkhead/internal/engine"
	"bulkhead/internal/watch"
)

// webEngine answers as an engine that has one container, called web.
func webEngine(t *testing.T) *engine.Engine {
	t.Helper()
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/version"):
			_, _ = fmt.Fprint(w, `{"Version":"20.10.24","ApiVersion":"1.41"}`)
		case strings.HasSuffix(r.URL.Path, "/containers/web/json"), strings.HasSuffix(r.URL.Path, "/containers/0123/json"):
			_, _ = fmt.Fprintf(w, `{"Id":%q,"Name":"/web"}`, id)
		case strings.HasSuffix(r.URL.Path, "/volumes"):
			_, _ = fmt.Fprint(w, "{}")
		case strings.HasSuffix(r.URL.Path, "/containers/json"):
			_, _ = fmt.Fprint(w, "[]")
		default:
			http.Error(w, `{"message":"no such container"}`, http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	e, err := engine.Open(t.Context(), engine.Options{Host: "tcp" + strings.TrimPrefix(server.URL, "http")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// TestWatchMissing: a container that was named and is not there is said.
func TestWatchMissing(t *testing.T) {
	e := webEngine(t)
	for _, c := range []struct {
		container string
		enforce   []string
		want      string
	}{
		{container: "web"},
		{container: "0123"},
		{container: "wbe", want: "no container is called wbe yet\n"},
		{enforce: []string{"web:drift=deny", "*:egress=audit", "gone:drift=off"}},
		{container: "gone", enforce: []string{"gone:drift=deny", "gone:egress=deny"}, want: "no container is called gone yet\n"},
		{enforce: []string{"0123:drift=deny"}, want: "no container is called 0123 yet\n"},
	} {
		var said bytes.Buffer
		w := &watcher{app: &app{stderr: &said}, container: c.container, containers: watch.NewContainers(e), enforce: watchEnforce{wanted: c.enforce}}
		if err := w.enforce.check(false); err != nil {
			t.Fatal(err)
		}
		w.missing(t.Context())
		if said.String() != c.want {
			t.Errorf("--container %q --enforce %q: got %q, want %q", c.container, c.enforce, said.String(), c.want)
		}
	}
}

// TestInterrupted: what ends by a signal is said to, and nothing else that went
// wrong is hidden by it.
func TestInterrupted(t *testing.T) {
	asked := &engine.Error{Host: "unix:///run/docker.sock", Err: context.Canceled}
	for _, c := range []struct {
		err  error
		want string
	}{
		{context.Canceled, "bulkhead: interrupted\n"},
		{fmt.Errorf("run a copy: %w", asked), "bulkhead: interrupted\n"},
		{errors.Join(asked, context.Canceled), "bulkhead: interrupted\n"},
		{errors.Join(asked, errors.New("web is still stopped")), "bulkhead: unix:///run/docker.sock: context canceled\nbulkhead: web is still stopped\n"},
	} {
		var said bytes.Buffer
		if code := (&app{stderr: &said}).fail(c.err); code != 3 || said.String() != c.want {
			t.Errorf("%v: got %q and exit code %d, want %q and 3", c.err, said.String(), code, c.want)
		}
	}
}

// TestLearnMissing: a container that is not there is no mistake of the command line.
func TestLearnMissing(t *testing.T) {
	e := webEngine(t)
	id, err := containerOf(t.Context(), e, "web")
	if err != nil || !strings.HasPrefix(id, "0123") {
		t.Errorf("web: got %q, %v, want its id", id, err)
	}
	_, err = containerOf(t.Context(), e, "gone")
	if err == nil {
		t.Fatal("gone: got no error")
	}
	var said bytes.Buffer
	const want = "bulkhead: there is no container, and no container of a service, called gone\nhint: start it, "
	if code := (&app{stderr: &said}).fail(err); code != 3 || !strings.HasPrefix(said.String(), want) {
		t.Errorf("got %q and exit code %d, want %q and 3", said.String(), code, want)
	}
}
