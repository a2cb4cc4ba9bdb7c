package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// A Response is what can be done to a container that does what it should not.
type Response string

// The responses, from the one that loses least.
const (
	Pause      Response = "pause"      // its processes wait
	Disconnect Response = "disconnect" // from all its networks
	Stop       Response = "stop"       // as docker stop does
	Kill       Response = "kill"       // at once
)

// Responses returns all responses.
func Responses() []Response { return []Response{Pause, Disconnect, Stop, Kill} }

// Respond does r to the container with the id. Besides package guard's
// requests, nothing else here changes what the engine has.
func (e *Engine) Respond(ctx context.Context, r Response, id string) error {
	if r == Disconnect {
		return e.disconnect(ctx, id)
	}
	return e.post(ctx, "/containers/"+escape(id)+"/"+string(r), nil)
}

// disconnect takes a container off every network. One that fails does not keep
// it on the others.
func (e *Engine) disconnect(ctx context.Context, id string) error {
	text, err := e.Inspect(ctx, id)
	if err != nil {
		return err
	}
	var c struct {
		NetworkSettings struct {
			Networks map[string]struct{ NetworkID string }
		}
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return &Error{Host: e.Host, Err: err}
	}
	networks := c.NetworkSettings.Networks
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		body, err := json.Marshal(struct {
			Container string
			Force     bool
		}{id, true})
		if err == nil {
			err = e.post(ctx, "/networks/"+escape(networks[name].NetworkID)+"/disconnect", body)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("network %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// post asks the engine to do something.
func (e *Engine) post(ctx context.Context, path string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.base+path, bytes.NewReader(body))
	if err != nil {
		return &Error{Host: e.Host, Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(req)
	if err != nil {
		return e.dialError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	var said bytes.Buffer
	if _, err := said.ReadFrom(http.MaxBytesReader(nil, resp.Body, maxConfig)); err != nil {
		return &Error{Host: e.Host, Err: fmt.Errorf("read %s: %w", path, err)}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return &Error{Host: e.Host, Err: fmt.Errorf("%s: %s: %s", path, resp.Status, message(said.Bytes()))}
	}
	return nil
}
