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
	save := func(ctx context.Context) (io.ReadCloser, error) { return e.save(ctx, ref) }
	if !strings.HasPrefix(e.Host, "unix://") {
		return oci.OpenStream(save), nil
	}
	return oci.OpenStored(f.Text, save)
}

// save returns an image as the engine's archive. Unlike other answers it may
// have any length and take any time.
func (e *Engine) save(ctx context.Context, ref string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+"/images/"+escape(ref)+"/get", nil)
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
		return nil, &Error{Host: e.Host, Err: fmt.Errorf("save image %s: %s: %s", ref, resp.Status, message(text))}
	}
	return resp.Body, nil
}
