package engine

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"bulkhead/internal/oci"
)

// Tree opens the files of an image the engine has, by reference or id: the
// folders its layers are in, where the engine runs on this machine and they may
// be read, and otherwise the archive it sends.
func (e *Engine) Tree(ctx context.Context, ref string) (*oci.Tree, error) {
	f, err := e.Image(ctx, ref)
	if err != nil {
		return nil, err
	}
	save := func(ctx context.Context) (io.ReadCloser, error) { return e.stream(ctx, "/images/"+escape(ref)+"/get") }
	if !strings.HasPrefix(e.Host, "unix://") {
		return oci.OpenStream(save), nil
	}
	return oci.OpenStored(f.Text, save)
}

// stream returns the archive of an image or a container. Unlike other answers it
// may have any length and take any time.
func (e *Engine) stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+path, nil)
	if err != nil {
		return nil, &Error{Host: e.Host, Err: err}
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, e.dialError(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxConfig)) // what it says is told as far as it was read
		_ = resp.Body.Close()
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("read %s: %s: %s", path, resp.Status, message(text))}
	}
	return resp.Body, nil
}
