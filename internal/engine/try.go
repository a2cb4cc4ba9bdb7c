package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Try sends a request of a client's and returns the answer's status and what
// the engine says. It is for finding out whether a request is refused, so it
// has to be one that does nothing where it is not. target begins with a slash
// and is sent as it is.
func (e *Engine) Try(ctx context.Context, method, target string, body []byte) (int, string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	origin := strings.TrimSuffix(e.base, "/v"+e.API)
	req, err := http.NewRequestWithContext(ctx, method, origin+target, bytes.NewReader(body))
	if err != nil {
		return 0, "", &Error{Host: e.Host, Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := e.client.Do(req)
	if err != nil {
		return 0, "", e.dialError(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, "", &Error{Host: e.Host, Err: fmt.Errorf("read %s: %w", target, err)}
	}
	return resp.StatusCode, message(text), nil
}
