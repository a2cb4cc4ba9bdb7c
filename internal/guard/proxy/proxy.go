// Package proxy puts the guard in front of an engine's socket, for clients
// that are given the proxy's socket in its place.
//
// One parser reads what a client sends, net/http's; what is sent on is written
// anew from what was judged, on a connection to the engine of its own. So no
// request can hide in another, and none reaches an engine that is not the one
// it was judged with.
package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/guard"
)

// A Decider answers requests and is told what came of them.
type Decider interface {
	Decide(ctx context.Context, r guard.Request) guard.Decision
	Answered(r guard.Request, status int, body []byte)
}

// A Proxy stands in front of one engine: see New. Its fields may be set before
// it serves.
type Proxy struct {
	MaxBody int64 // of what is judged, in bytes; streams have no bound

	// Name returns the name of the container of that id, or "". It may be nil.
	Name func(ctx context.Context, id string) string

	// Seen is told of every request that the engine answered, before the
	// client is, with the answer's body where something was made. It may be nil.
	Seen func(r guard.Request, status int, body []byte)

	guard  Decider
	engine string        // the path of its socket
	large  chan struct{} // holds one for each large body in memory
	open   sync.Map      // hijacked connections: the client's net.Conn -> the engine's
	busy   busy
}

const (
	dialTime   = 5 * time.Second
	headerTime = 10 * time.Second // for a client to send a request's header
	bodyTime   = time.Minute      // for it to send a body that is judged
	idleTime   = 2 * time.Minute
	endTime    = 5 * time.Second // for requests to end when the proxy does

	small    = 64 << 10 // a body up to this size needs no permission
	maxLarge = 8        // of larger ones, so many are in memory at once
)

// DefaultMaxBody bounds bodies that are judged where nothing else is said. The
// plugin sees no more than 1 MiB on most engines.
const DefaultMaxBody = 8 << 20

// New returns a proxy in front of the engine whose socket is at that path.
func New(engine string, g Decider) *Proxy {
	return &Proxy{MaxBody: DefaultMaxBody, guard: g, engine: engine, large: make(chan struct{}, maxLarge)}
}

// A failure is why a request is not sent on, and how a client is told.
type failure struct {
	status  int
	message string
}

func (f *failure) Error() string { return f.message }

// fail answers as the engine does where it fails.
func fail(w http.ResponseWriter, f *failure) {
	text, err := json.Marshal(map[string]string{"message": f.message})
	if err != nil {
		text = []byte(`{"message":"bulkhead"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Connection", "close")
	w.WriteHeader(f.status)
	_, _ = w.Write(append(text, '\n')) // a client that has gone needs no answer
}

// gone is the answer where there is no engine.
func gone(err error) *failure {
	return &failure{http.StatusServiceUnavailable, fmt.Sprintf("bulkhead: the engine does not answer: %v", err)}
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := p.serve(w, r); f != nil {
		fail(w, f)
	}
}

// serve answers r, or says why not before anything is written to w.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) *failure {
	e, f := p.exchangeOf(r)
	if f != nil {
		return f
	}
	// The connection comes before the judgement: if the engine is started
	// again in between, the connection is dead, and the request with it.
	engine, err := (&net.Dialer{Timeout: dialTime}).DialContext(r.Context(), "unix", p.engine)
	if err != nil {
		return gone(err)
	}
	defer func() { _ = engine.Close() }() // every answer has been read
	e.engine = engine.(*net.UnixConn)
	if !e.stream {
		release, f := p.body(w, r, e)
		if f != nil {
			return f
		}
		defer release()
	}
	// A client that has closed its side for writing waits for an answer.
	ctx := context.WithoutCancel(r.Context())
	e.asked.Body = e.text
	e.asked.User, e.asked.Auth, e.asked.Peer = peerFrom(ctx).who(ctx)
	if d := p.guard.Decide(ctx, e.asked); !d.Allow {
		if err := dead(engine); err != nil {
			return gone(err)
		}
		return &failure{http.StatusForbidden, "denied by bulkhead:" + d.Message()}
	}
	if e.hijack {
		return p.hijack(w, e)
	}
	return p.forward(w, r, e)
}

// An exchange is one request on its way.
type exchange struct {
	asked  guard.Request
	out    *http.Request // what is sent on, without a body
	engine *net.UnixConn
	text   []byte // the body, where it is not a stream
	stream bool   // the body is passed on as it comes
	hijack bool   // the connection becomes a stream of its own
	bulk   bool   // the answer is a large file
}

// exchangeOf reads a request's line and headers. What is judged and what is
// sent on are the same text, made of what both were read as.
func (p *Proxy) exchangeOf(r *http.Request) (*exchange, *failure) {
	bad := func(why string) (*exchange, *failure) {
		return nil, &failure{http.StatusBadRequest, "bulkhead: " + why}
	}
	if !strings.HasPrefix(r.RequestURI, "/") || strings.HasPrefix(r.RequestURI, "//") {
		return bad("the address is not a path")
	}
	if len(r.Header["Content-Type"]) > 1 {
		return bad("there are several content types")
	}
	uri, err := plain(r)
	if err != nil {
		return bad(err.Error())
	}
	headers := headersOf(r.Header)
	plainHeaders := map[string]string{}
	for name, values := range headers {
		plainHeaders[name] = strings.Join(values, ", ")
	}
	req, err := apirequest.Parse(r.Method, uri, plainHeaders, nil)
	if err != nil {
		return bad(err.Error())
	}
	e := &exchange{
		asked:  guard.Request{Method: r.Method, URI: uri, Headers: plainHeaders},
		stream: guard.Streams(req),
	}
	name, _ := guard.RouteOf(req)
	e.bulk = bulk(name)
	if protocol, ok := hijacks()[name]; ok {
		if protocol != "tcp" && !strings.EqualFold(r.Header.Get("Upgrade"), protocol) {
			return bad("this route wants an upgrade to " + protocol)
		}
		e.hijack, e.stream = true, false
		if r.Header.Get("Upgrade") != "" {
			headers.Set("Connection", "Upgrade")
			headers.Set("Upgrade", protocol)
		}
	}
	e.out, err = http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, "http://docker"+uri, nil)
	if err != nil {
		return bad(err.Error())
	}
	e.out.Header = headers
	if _, ok := headers["User-Agent"]; !ok {
		headers["User-Agent"] = nil // not net/http's own
	}
	e.out.Close = !e.hijack || r.Header.Get("Upgrade") == ""
	return e, nil
}

// hijacks are the routes that turn the connection into a stream, and into
// which. Clients of old ask for tcp without saying so.
func hijacks() map[string]string {
	return map[string]string{
		"POST /containers/{name}/attach":        "tcp",
		"POST /exec/{name}/start":               "tcp",
		"POST /libpod/containers/{name}/attach": "tcp",
		"POST /libpod/exec/{name}/start":        "tcp",
		"GET /containers/{name}/attach/ws":      "websocket",
		"POST /session":                         "h2c",
		"POST /grpc":                            "h2c",
	}
}

// plain returns the request's target, written anew.
func plain(r *http.Request) (string, error) {
	u := r.URL
	if u.Host != "" || u.Opaque != "" || u.User != nil || u.Fragment != "" {
		return "", errors.New("the address is not a path")
	}
	query, err := queryOf(u.RawQuery)
	if err != nil {
		return "", err
	}
	uri := pathOf(u.Path)
	if query != "" {
		uri += "?" + query
	}
	return uri, nil
}

// headersOf returns what of a client's headers the engine is sent: not those
// about the connection, which end here.
func headersOf(in http.Header) http.Header {
	out := maps.Clone(in)
	for _, list := range in["Connection"] {
		for name := range strings.SplitSeq(list, ",") {
			out.Del(strings.TrimSpace(name))
		}
	}
	for _, name := range hopHeaders() {
		out.Del(name)
	}
	for name := range out {
		if strings.Contains(name, "_") { // read as another name by some
			delete(out, name)
		}
	}
	return out
}

// hopHeaders are about one connection: RFC 9110, 7.6.1. The length of the body
// is written anew, and nobody waits for leave to send one.
func hopHeaders() []string {
	return []string{
		"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Expect", "Host",
	}
}

// body reads a body that is judged, and returns what gives its memory back.
func (p *Proxy) body(w http.ResponseWriter, r *http.Request, e *exchange) (func(), *failure) {
	release := func() {}
	if r.Body == nil || r.Body == http.NoBody {
		return release, nil
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyTime)) // where there is none, the engine's bound holds
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	text, err := io.ReadAll(io.LimitReader(r.Body, small+1))
	if err == nil && len(text) > small {
		select {
		case p.large <- struct{}{}:
			release = func() { <-p.large }
		case <-time.After(bodyTime):
			return release, &failure{http.StatusServiceUnavailable, "bulkhead: too many large requests at once"}
		}
		var rest []byte
		rest, err = io.ReadAll(io.LimitReader(r.Body, p.MaxBody+1-int64(len(text))))
		text = slices.Concat(text, rest)
	}
	switch {
	case err != nil:
		release()
		return release, &failure{http.StatusBadRequest, "bulkhead: the body cannot be read: " + err.Error()}
	case int64(len(text)) > p.MaxBody:
		release()
		return release, &failure{http.StatusRequestEntityTooLarge, fmt.Sprintf("bulkhead: the body has more than %d bytes, so it is not judged; --max-body allows more", p.MaxBody)}
	}
	e.text = text
	return release, nil
}

// dead returns an error if the engine has closed a connection on which it owes
// nothing.
func dead(c net.Conn) error {
	if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return err
	}
	_, err := c.Read(make([]byte, 1))
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		return nil
	}
	if err == nil {
		return errors.New("it speaks before it is asked")
	}
	return err
}
