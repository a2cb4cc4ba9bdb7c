package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// A Message is one thing that the engine says it did.
type Message struct {
	Type   string // "container", "image", "network", "volume", "daemon", "plugin"
	Action string // "create", "exec_create: sh -c date"
	Actor  struct {
		ID         string
		Attributes map[string]string
	}
	TimeNano int64 `json:"timeNano"`
}

// Time returns when it was.
func (m *Message) Time() time.Time { return time.Unix(0, m.TimeNano) }

// Events hands every message of the engine to handle, in order, until ctx is
// done or the engine ends the stream. Messages begin when opened is called.
func (e *Engine) Events(ctx context.Context, opened func(), handle func(*Message)) error {
	body, err := e.stream(ctx, "/events")
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // it has been read
	opened()
	decoder := json.NewDecoder(body)
	for {
		var m Message
		switch err := decoder.Decode(&m); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == io.EOF:
			return &Error{Host: e.Host, Err: fmt.Errorf("%w: it ended its stream of events", ErrNotRunning)}
		case err != nil:
			return &Error{Host: e.Host, Err: fmt.Errorf("read events: %w", err)}
		}
		handle(&m)
	}
}
