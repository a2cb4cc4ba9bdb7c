package engine

import (
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

// Respond does r to the container with the id.
func (e *Engine) Respond(ctx context.Context, r Response, id string) error {
	if r == Disconnect {
		return e.disconnect(ctx, id)
	}
	_, err := e.send(ctx, http.MethodPost, "/containers/"+escape(id)+"/"+string(r), nil, nil)
	return err
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
			_, err = e.send(ctx, http.MethodPost, "/networks/"+escape(networks[name].NetworkID)+"/disconnect", nil, body)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("network %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}
