package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// The protocol of authorization plugins: docs.docker.com, "Access
// authorization plugin".
type pluginRequest struct {
	User            string
	UserAuthNMethod string
	RequestMethod   string
	RequestURI      string `json:"RequestUri"`
	RequestBody     []byte
	RequestHeaders  map[string]string

	ResponseBody       []byte
	ResponseStatusCode int
}

type pluginAnswer struct {
	Allow bool
	Msg   string `json:",omitempty"`
	Err   string `json:",omitempty"`
}

const (
	pluginType = "application/vnd.docker.plugins.v1.1+json"

	// maxPlugin bounds what the engine may send: two bodies of at most 4 MiB
	// in base64, and headers.
	maxPlugin = 16 << 20
)

// Handler returns the plugin's HTTP interface.
func (g *Guard) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /Plugin.Activate", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string][]string{"Implements": {"authz"}})
	})
	mux.HandleFunc("POST /AuthZPlugin.AuthZReq", func(w http.ResponseWriter, r *http.Request) {
		answer(w, g.request(r))
	})
	mux.HandleFunc("POST /AuthZPlugin.AuthZRes", func(w http.ResponseWriter, r *http.Request) {
		answer(w, g.response(r))
	})
	return mux
}

// answer writes v. Where the engine has gone there is nobody to tell.
func answer(w http.ResponseWriter, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", pluginType)
	_, _ = w.Write(text)
}

// read decodes what the engine says of a request.
func read(r *http.Request) (*pluginRequest, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxPlugin))
	if err != nil {
		return nil, err
	}
	var in pluginRequest
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, err
	}
	return &in, nil
}

// about returns the request that in tells of.
func (in *pluginRequest) about() Request {
	return Request{
		Method: in.RequestMethod, URI: in.RequestURI, Headers: in.RequestHeaders, Body: in.RequestBody,
		User: in.User, Auth: in.UserAuthNMethod,
	}
}

// request decides. A failure of our own denies: the engine takes an error for
// a denial, too.
func (g *Guard) request(r *http.Request) (out pluginAnswer) {
	defer func() {
		if p := recover(); p != nil {
			g.Journal.Note(fmt.Sprintf("a request could not be judged, so it was denied: %v", p))
			out = pluginAnswer{Msg: "the guard failed to judge this request; its journal says why"}
		}
	}()
	in, err := read(r)
	if err != nil {
		g.Journal.Note("the engine's question could not be read, so it was denied: " + err.Error())
		return pluginAnswer{Msg: "the engine's question could not be read"}
	}
	d := g.Decide(r.Context(), in.about())
	if !d.Allow {
		return pluginAnswer{Msg: d.Message()}
	}
	return pluginAnswer{Allow: true}
}

// response allows every answer: nothing is kept from who may ask.
func (g *Guard) response(r *http.Request) pluginAnswer {
	out := pluginAnswer{Allow: true}
	if !g.learns() { // the answer, which may be long, is of no interest
		_, _ = io.Copy(io.Discard, http.MaxBytesReader(nil, r.Body, maxPlugin))
		return out
	}
	in, err := read(r)
	if err == nil && in.RequestMethod == http.MethodPost {
		g.Answered(in.about(), in.ResponseStatusCode, in.ResponseBody)
	}
	return out
}

// Serve answers the engine on l until ctx ends, and then finishes what it has
// begun.
func (g *Guard) Serve(ctx context.Context, l net.Listener) error {
	s := &http.Server{Handler: g.Handler(), ReadHeaderTimeout: g.Timeout, MaxHeaderBytes: 1 << 20}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.Timeout)
	defer cancel()
	err := s.Shutdown(ending)
	if served := <-done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// firstFD is the first descriptor that systemd hands over: sd_listen_fds(3).
const firstFD = 3

// Listen returns the socket that systemd opened for this process or, where it
// opened none, one made at path. Only root may connect: who answers the engine
// decides over it.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	if pid, err := strconv.Atoi(os.Getenv("LISTEN_PID")); err == nil && pid == os.Getpid() && os.Getenv("LISTEN_FDS") != "" {
		f := os.NewFile(firstFD, "socket")
		l, err := net.FileListener(f)
		if err != nil {
			return nil, fmt.Errorf("take systemd's socket: %w", err)
		}
		return l, f.Close()
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, fmt.Errorf("%s is there and is no socket", path)
		}
		if c, err := net.Dial("unix", path); err == nil {
			_ = c.Close()
			return nil, fmt.Errorf("%s is answered by another guard", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	return l, os.Chmod(path, fileMode)
}
