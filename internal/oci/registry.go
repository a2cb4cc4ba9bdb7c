package oci

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// ReadRegistry returns what a registry says of the image ref, of an index the
// image for this machine's architecture. It asks with the credentials of the
// docker command. This is the only function of the package that uses the
// network.
func ReadRegistry(ctx context.Context, ref string) (*Image, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, fmt.Errorf("read image %s: %w", ref, err)
	}
	image, err := remote.Image(parsed,
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithTransport(bounded{remote.DefaultTransport}),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return nil, fmt.Errorf("read image %s: %w", ref, err)
	}
	manifest, err := image.RawManifest()
	if err != nil {
		return nil, fmt.Errorf("read manifest of image %s: %w", ref, err)
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read configuration of image %s: %w", ref, err)
	}
	out := &Image{Name: ref, Tags: []string{ref}, Config: config, ConfigID: digestOf(config), Manifest: manifest, Digest: digestOf(manifest)}
	if m, err := image.Manifest(); err == nil {
		for _, l := range m.Layers {
			out.Size += max(l.Size, 0)
		}
	}
	return out, nil
}

// bounded is a transport whose answers end, with ErrTooLarge, after maxBlob.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil && resp.Body != nil {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxBlob}
	}
	return resp, err
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}
