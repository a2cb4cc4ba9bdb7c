package guard

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"bulkhead/internal/guard/wire"
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

	// pluginIdle is how long the engine may keep a connection without a question.
	pluginIdle = 10 * time.Minute
)

// reply writes v as the answer to a question.
func reply(v any) wire.Answer {
	text, err := json.Marshal(v)
	if err != nil {
		return wire.Answer{Status: http.StatusInternalServerError, Body: []byte(err.Error())}
	}
	return wire.Answer{Body: text}
}

// yes is the answer to most questions.
func yes() wire.Answer { return wire.Answer{Body: []byte(`{"Allow":true}`)} }

// answer answers a question of the engine.
func (g *Guard) answer(ctx context.Context, q *wire.Question) wire.Answer {
	switch q.Path {
	case "/AuthZPlugin.AuthZReq":
		return g.request(ctx, q)
	case "/AuthZPlugin.AuthZRes":
		return g.response(q)
	case "/Plugin.Activate":
		return reply(map[string][]string{"Implements": {"authz"}})
	}
	return wire.Answer{Status: http.StatusNotFound, Body: []byte("the guard is an authorization plugin and nothing else\n")}
}

// read decodes what the engine says of a request.
func read(q *wire.Question) (*pluginRequest, error) {
	text, err := q.Body()
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
func (g *Guard) request(ctx context.Context, q *wire.Question) (out wire.Answer) {
	defer func() {
		if p := recover(); p != nil {
			g.Journal.Note(fmt.Sprintf("a request could not be judged, so it was denied: %v", p))
			out = reply(pluginAnswer{Msg: "the guard failed to judge this request; its journal says why"})
		}
	}()
	in, err := read(q)
	if err != nil {
		g.Journal.Note("the engine's question could not be read, so it was denied: " + err.Error())
		return reply(pluginAnswer{Msg: "the engine's question could not be read"})
	}
	d := g.Decide(ctx, in.about())
	if !d.Allow {
		return reply(pluginAnswer{Msg: d.Message()})
	}
	return yes()
}

// response allows every answer: nothing is kept from who may ask. The answer,
// which may be long, is read only where it is of interest.
func (g *Guard) response(q *wire.Question) (out wire.Answer) {
	out = yes()
	if !g.learns() {
		return out
	}
	defer func() {
		if p := recover(); p != nil { // it has been made whatever is known of it
			g.Journal.Note(fmt.Sprintf("an answer of the engine could not be read: %v", p))
		}
	}()
	if in, err := read(q); err == nil && in.RequestMethod == http.MethodPost {
		g.Answered(in.about(), in.ResponseStatusCode, in.ResponseBody)
	}
	return out
}

// Serve answers the engine on l until ctx ends, and then finishes what it has
// begun.
func (g *Guard) Serve(ctx context.Context, l net.Listener) error {
	s := &wire.Server{Answer: g.answer, Type: pluginType, MaxBody: maxPlugin, Wait: g.Timeout, Idle: pluginIdle}
	return s.Serve(ctx, l)
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
