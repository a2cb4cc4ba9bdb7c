package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Create makes a container called name of the body of a request to create one,
// and returns its id. It does not start it.
func (e *Engine) Create(ctx context.Context, name string, body []byte) (string, error) {
	text, err := e.send(ctx, http.MethodPost, "/containers/create", url.Values{"name": {name}}, body)
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"Id"`
	}
	if err := json.Unmarshal(text, &made); err != nil || made.ID == "" {
		return "", &Error{Host: e.Host, Err: fmt.Errorf("create container %s: the answer has no id", name)}
	}
	return made.ID, nil
}

// Start starts a container. One that runs stays as it is.
func (e *Engine) Start(ctx context.Context, id string) error {
	_, err := e.send(ctx, http.MethodPost, "/containers/"+escape(id)+"/start", nil, nil)
	return err
}

// Stop sends a container its stop signal, and kills it where it still runs after
// grace. It returns when the container has ended.
func (e *Engine) Stop(ctx context.Context, id string, grace time.Duration) error {
	seconds := strconv.Itoa(int(grace / time.Second))
	_, err := e.sendFor(ctx, timeout+grace, http.MethodPost, "/containers/"+escape(id)+"/stop?t="+seconds, nil)
	return err
}

// Remove ends a container and removes it together with its anonymous volumes.
// One that is not there is removed already.
func (e *Engine) Remove(ctx context.Context, id string) error {
	_, err := e.send(ctx, http.MethodDelete, "/containers/"+escape(id), url.Values{"force": {"1"}, "v": {"1"}}, nil)
	return err
}

// Connect attaches a container to a network, with the settings of its endpoint.
func (e *Engine) Connect(ctx context.Context, network, id string, endpoint json.RawMessage) error {
	body, err := json.Marshal(struct {
		Container      string
		EndpointConfig json.RawMessage `json:",omitempty"`
	}{id, endpoint})
	if err != nil {
		return err
	}
	_, err = e.send(ctx, http.MethodPost, "/networks/"+escape(network)+"/connect", nil, body)
	return err
}

// A Change is a path of a container that differs from its image.
type Change struct {
	Path string
	Kind int // 0 is changed, 1 added, 2 deleted
}

// Changes returns what a container has written to its own layer.
func (e *Engine) Changes(ctx context.Context, id string) ([]Change, error) {
	text, err := e.get(ctx, "/containers/"+escape(id)+"/changes", nil)
	if err != nil {
		return nil, err
	}
	var out []Change
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("read the changes of container %s: %w", id, err)}
	}
	return out, nil
}

// Logs returns the last lines that a container wrote to its standard output and
// error.
func (e *Engine) Logs(ctx context.Context, id string, lines int) (string, error) {
	text, err := e.get(ctx, "/containers/"+escape(id)+"/logs", url.Values{"stdout": {"1"}, "stderr": {"1"}, "tail": {strconv.Itoa(lines)}})
	if err != nil {
		return "", err
	}
	return plain(text), nil
}

// plain takes the headers out of a stream of several outputs: a byte for the
// output, three zeros and the length. What has none is of a terminal.
func plain(text []byte) string {
	const header = 8
	var out bytes.Buffer
	for rest := text; len(rest) > 0; {
		if len(rest) < header || rest[0] > 2 || rest[1] != 0 || rest[2] != 0 || rest[3] != 0 {
			return string(text)
		}
		n := min(int(binary.BigEndian.Uint32(rest[4:header])), len(rest)-header)
		out.Write(rest[header : header+n])
		rest = rest[header+n:]
	}
	return out.String()
}

// send sends a request that changes something.
func (e *Engine) send(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return e.sendFor(ctx, timeout, method, path, body)
}

// sendFor is send with the time that the engine may take.
func (e *Engine) sendFor(ctx context.Context, wait time.Duration, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, e.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, &Error{Host: e.Host, Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, e.dialError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch {
	case err != nil:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("%s %s: %w", method, path, err)}
	case resp.StatusCode == http.StatusNotFound:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("%w: %s", ErrNotFound, message(text))}
	case resp.StatusCode >= http.StatusBadRequest:
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("%s: %s", resp.Status, message(text))}
	}
	return text, nil
}
