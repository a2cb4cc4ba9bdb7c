// Package engine asks a Docker or Podman engine what it has: containers,
// images, networks and its own configuration. It reads, but for what run.go
// makes for trials: containers that the caller names and removes,
// and for Respond.
package engine

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/moby/moby/client"
)

// What callers branch on. Errors are of type *Error and wrap one of these.
var (
	ErrNone        = errors.New("no engine found")
	ErrNotRunning  = errors.New("engine does not answer")
	ErrPermission  = errors.New("permission to use the engine is denied")
	ErrUnsupported = errors.New("engine is not supported")
	ErrNotFound    = errors.New("engine has no such object")
)

// An Error is a failure to reach or to ask an engine.
type Error struct {
	Host string // "unix:///var/run/docker.sock"; empty where none was found
	Hint string // what to do about it, a sentence without a period, or empty
	Err  error
}

func (e *Error) Error() string {
	if e.Host == "" {
		return e.Err.Error()
	}
	return e.Host + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Options say which engine to open. The zero Options find the one that the
// docker command would use, or else a rootless or a Podman one.
type Options struct {
	Host string // such as "unix:///var/run/docker.sock"

	// Root is the directory that proc and sys of the engine's machine are
	// in; empty is "/".
	Root string
}

// Bounds of every question: how long it may take and how much may come back.
const (
	dialTimeout = 5 * time.Second
	timeout     = 30 * time.Second
	maxAnswer   = 64 << 20
)

// minVersion is the oldest API that is read, that of Docker 1.12.
const minVersion = "1.24"

// An Engine is an engine that has answered.
type Engine struct {
	Host    string
	Version string // of the engine
	API     string // version of the API that is used

	root   string
	base   string // URL of the API
	client *http.Client
}

// Open finds an engine and asks for its version.
func Open(ctx context.Context, o Options) (*Engine, error) {
	return open(ctx, o, systemEnvironment())
}

func open(ctx context.Context, o Options, env environment) (*Engine, error) {
	if o.Host != "" {
		return connect(ctx, endpoint{host: o.Host, certs: env.certs()}, o)
	}
	chosen, ok, err := env.chosen()
	if err != nil {
		return nil, err
	}
	if ok {
		return connect(ctx, chosen, o)
	}
	var first error
	for _, host := range env.sockets() {
		e, err := connect(ctx, endpoint{host: host}, o)
		if err == nil {
			return e, nil
		}
		// A socket that may not be used says more than one that is dead.
		if first == nil || errors.Is(err, ErrPermission) && !errors.Is(first, ErrPermission) {
			first = err
		}
	}
	if first == nil {
		first = &Error{Err: ErrNone, Hint: "start Docker or Podman, or set DOCKER_HOST"}
	}
	return nil, first
}

// connect opens the engine at an endpoint.
func connect(ctx context.Context, at endpoint, o Options) (*Engine, error) {
	e := &Engine{Host: at.host, root: o.Root}
	if e.root == "" {
		e.root = "/"
	}
	if err := e.dial(at); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	text, err := e.get(ctx, "/version", nil)
	if err != nil {
		return nil, err
	}
	var v struct{ Version, APIVersion string }
	if err := json.Unmarshal(text, &v); err != nil || v.APIVersion == "" {
		return nil, &Error{Host: at.host, Err: ErrUnsupported, Hint: "what answers there is not an engine"}
	}
	if older(v.APIVersion, minVersion) {
		return nil, &Error{Host: at.host, Err: ErrUnsupported, Hint: "its API " + v.APIVersion + " is older than " + minVersion}
	}
	e.Version, e.API = v.Version, v.APIVersion
	if older(client.MaxAPIVersion, e.API) {
		e.API = client.MaxAPIVersion
	}
	e.base += "/v" + e.API
	return e, nil
}

// dial prepares the connection to an endpoint. The Docker client knows the
// kinds of addresses and how to reach each; the questions themselves are not
// asked through it, because it refuses an API below 1.40, reads an answer of
// any size, and fails as a whole where one value of it is odd.
func (e *Engine) dial(at endpoint) error {
	if strings.HasPrefix(at.host, "ssh://") {
		return &Error{
			Host: at.host, Err: ErrUnsupported,
			Hint: "engines behind ssh are not supported; forward its socket with ssh -L and set DOCKER_HOST to it",
		}
	}
	u, err := client.ParseHostURL(at.host)
	if err != nil {
		return &Error{Host: at.host, Err: ErrUnsupported, Hint: "an address reads unix:///path, tcp://host:port or npipe:////./pipe/name"}
	}
	c, err := client.New(client.WithHost(at.host))
	if err != nil {
		return &Error{Host: at.host, Err: fmt.Errorf("%w: %w", ErrUnsupported, err)}
	}
	dial := c.Dialer()
	transport := &http.Transport{
		DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		MaxIdleConnsPerHost: 2 * parallel, // containers and images are read at the same time
		IdleConnTimeout:     timeout,
		DisableCompression:  true,
	}
	e.base = "http://engine"
	if u.Scheme == "tcp" {
		e.base = "http://" + u.Host + strings.TrimSuffix(u.Path, "/")
		if transport.TLSClientConfig, err = at.certs.config(); err != nil {
			return &Error{Host: at.host, Err: err}
		}
		if transport.TLSClientConfig != nil {
			e.base = "https" + strings.TrimPrefix(e.base, "http")
		}
	}
	e.client = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return nil
}

// Close ends the connections to the engine.
func (e *Engine) Close() { e.client.CloseIdleConnections() }

// get asks for path and returns the answer.
func (e *Engine) get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	address := e.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, &Error{Host: e.Host, Err: err}
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, e.dialError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("read %s: %w", path, err)}
	case len(text) > maxAnswer:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("read %s: the answer is larger than %d MB", path, maxAnswer>>20)}
	case resp.StatusCode == http.StatusNotFound:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("%w: %s", ErrNotFound, message(text))}
	case resp.StatusCode == http.StatusForbidden:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("%w: %s", ErrPermission, message(text))}
	case resp.StatusCode != http.StatusOK:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("read %s: %s: %s", path, resp.Status, message(text))}
	}
	return text, nil
}

// message returns what an engine says of a failure, cut to a line.
func message(text []byte) string {
	var said struct{ Message string }
	if json.Unmarshal(text, &said) != nil || said.Message == "" {
		said.Message = string(text)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(said.Message), "\n")
	return line[:min(len(line), 300)]
}

// older reports whether API version a is below b.
func older(a, b string) bool {
	var aMajor, aMinor, bMajor, bMinor int
	if _, err := fmt.Sscanf(a, "%d.%d", &aMajor, &aMinor); err != nil {
		return true
	}
	if _, err := fmt.Sscanf(b, "%d.%d", &bMajor, &bMinor); err != nil {
		return false
	}
	return aMajor < bMajor || aMajor == bMajor && aMinor < bMinor
}

// dialError says why the engine could not be reached.
func (e *Engine) dialError(ctx context.Context, err error) error {
	out := &Error{Host: e.Host}
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, context.Canceled):
		out.Err = context.Canceled
	case errors.Is(err, errPermission):
		out.Err = ErrPermission
		out.Hint = "run as root or as a member of the socket's group; who may use it is root on the machine"
	case errors.As(err, &cert):
		out.Err = fmt.Errorf("%w: %w", ErrNotRunning, cert)
		out.Hint = "check DOCKER_CERT_PATH"
	case errors.Is(err, errNotExist):
		out.Err = fmt.Errorf("%w: there is no such socket", ErrNotRunning)
		out.Hint = "start the engine, or correct DOCKER_HOST"
	case ctx.Err() != nil:
		out.Err = fmt.Errorf("%w in time", ErrNotRunning)
	default:
		out.Err = fmt.Errorf("%w: %w", ErrNotRunning, errors.Unwrap(err)) // without the URL, which is made up
		out.Hint = "start the engine"
	}
	return out
}
