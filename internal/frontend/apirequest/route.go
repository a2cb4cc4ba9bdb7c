// Package apirequest reads requests to the engine's API: which route they are
// for, and what would run if they were granted.
package apirequest

import (
	"errors"
	"fmt"
	"mime"
	"net/textproto"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// A Request is one request, its address read as the engine reads it.
type Request struct {
	Method  string
	Path    string // decoded, without the version: "/containers/create"
	Version int    // the minor number of API version 1.x, 0 where none is named or Podman's
	Query   url.Values
	Body    []byte // as far as it was forwarded
	Hidden  bool   // there is a body that was not forwarded
}

// minVersion is the oldest API whose requests are all in their body and their
// query: before it, a start could describe the container anew.
const minVersion = 24

// The reasons to refuse a request whatever it asks for.
var (
	errAddress = errors.New("the address cannot be read")
	errUnclean = errors.New("the path is not in its plain form")
	errOld     = errors.New("API versions below 1.24 start containers with settings of the start's own")
	errForm    = errors.New("a form in the body would add to the query unseen")
)

// Parse reads a request as the engine's plugin interface tells it. uri is the
// request's target as it came in.
func Parse(method, uri string, headers map[string]string, body []byte) (*Request, error) {
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, errAddress
	}
	if !strings.HasPrefix(u.Path, "/") || u.Path != path.Clean(u.Path) || strings.ContainsFunc(u.Path, control) {
		return nil, errUnclean
	}
	r := &Request{Method: method, Path: u.Path, Body: body}
	if err := r.version(); err != nil {
		return nil, err
	}
	if r.Query, err = url.ParseQuery(u.RawQuery); err != nil {
		return nil, fmt.Errorf("%w: %w", errAddress, err)
	}
	return r, r.headers(headers)
}

func control(c rune) bool { return c < ' ' || c == 0x7f }

// version takes the version off the path.
func (r *Request) version() error {
	first, rest, below := strings.Cut(strings.TrimPrefix(r.Path, "/"), "/")
	if len(first) < 2 || first[0] != 'v' || strings.Trim(first[1:], "0123456789.") != "" {
		return nil // none is named: the engine takes its own
	}
	if strings.HasPrefix(rest, "libpod/") {
		r.Path = "/" + rest // Podman counts versions of its own
		return nil
	}
	minor, ok := strings.CutPrefix(first, "v1.")
	n, err := strconv.Atoi(minor)
	if !ok || !below || err != nil || minor != strconv.Itoa(n) || n > 999 {
		return fmt.Errorf("%w: %q is no version", errAddress, first)
	}
	if n < minVersion {
		return errOld
	}
	r.Version, r.Path = n, "/"+rest
	return nil
}

// headers looks for a body that the engine did not forward, and for one it
// would take for a part of the query.
func (r *Request) headers(headers map[string]string) error {
	for name, value := range headers {
		switch textproto.CanonicalMIMEHeaderKey(name) {
		case "Content-Type":
			kind, _, err := mime.ParseMediaType(value)
			if err != nil && value != "" || kind == "application/x-www-form-urlencoded" || kind == "multipart/form-data" {
				return errForm
			}
		case "Content-Length":
			n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			r.Hidden = r.Hidden || len(r.Body) == 0 && (err != nil || n != 0)
		case "Transfer-Encoding":
			r.Hidden = r.Hidden || len(r.Body) == 0
		}
	}
	return nil
}

// Matches reports whether r's path is pattern's, in which {name}, and {id} once
// after it, stand for any text, slashes included, as in the engine's own
// routes. It returns {name}'s text.
func (r *Request) Matches(pattern string) (string, bool) {
	before, after, variable := strings.Cut(pattern, "{name}")
	if !variable {
		return "", r.Path == pattern
	}
	rest, ok := strings.CutPrefix(r.Path, before)
	if between, two := strings.CutSuffix(after, "{id}"); ok && two {
		name, _, found := strings.Cut(rest, between)
		return name, found
	}
	if !ok || !strings.HasSuffix(rest, after) {
		return "", false
	}
	return rest[:len(rest)-len(after)], true
}
