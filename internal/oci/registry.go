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
// docker command. It and OpenRegistry are the only functions of the package
// that use the network.
func ReadRegistry(ctx context.Context, ref string) (*Image, error) {
	found, err := fetch(ctx, ref, bounded{remote.DefaultTransport})
	if err != nil {
		return nil, err
	}
	described, _, err := describeRemote(ref, found)
	return described, err
}

// OpenRegistry opens an image in a registry, as ReadRegistry. Its layers are
// read as they arrive.
func OpenRegistry(ctx context.Context, ref string) (*Tree, error) {
	found, err := fetch(ctx, ref, remote.DefaultTransport)
	if err != nil {
		return nil, err
	}
	described, image, err := describeRemote(ref, found)
	if err != nil {
		return nil, err
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, fmt.Errorf("read layers of image %s: %w", ref, err)
	}
	t := &Tree{Image: described, parallel: true}
	for _, l := range layers[:min(len(layers), maxLayers)] {
		digest, err := l.Digest()
		if err != nil {
			return nil, fmt.Errorf("read layers of image %s: %w", ref, err)
		}
		t.layers = append(t.layers, layer{name: digest.Hex, content: "bytes " + digest.Hex, open: func(context.Context) (io.ReadCloser, error) {
			return l.Compressed()
		}})
	}
	return t, nil
}

// fetch asks a registry for an image or an index.
func fetch(ctx context.Context, ref string, transport http.RoundTripper) (*remote.Descriptor, error) {
	parsed, err := name.ParseReference(ref)
	if err != nil {
		return nil, fmt.Errorf("read image %s: %w", ref, err)
	}
	found, err := remote.Get(parsed,
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithTransport(transport),
		remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return nil, fmt.Errorf("read image %s: %w", ref, err)
	}
	return found, nil
}

// describeRemote returns what a registry's image says of itself, and the image.
func describeRemote(ref string, found *remote.Descriptor) (*Image, v1.Image, error) {
	image, err := found.Image()
	if err != nil {
		return nil, nil, fmt.Errorf("read image %s: %w", ref, err)
	}
	manifest, err := image.RawManifest()
	if err != nil {
		return nil, nil, fmt.Errorf("read manifest of image %s: %w", ref, err)
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return nil, nil, fmt.Errorf("read configuration of image %s: %w", ref, err)
	}
	out := &Image{Name: ref, Tags: []string{ref}, Config: config, ConfigID: digestOf(config), Manifest: manifest, Digest: digestOf(manifest)}
	if m, err := image.Manifest(); err == nil {
		for _, l := range m.Layers {
			out.Size += max(l.Size, 0)
		}
		out.Annotations = m.Annotations
	}
	if found.MediaType.IsIndex() {
		if x, err := found.ImageIndex(); err == nil {
			out.attestRemote(x)
		}
	}
	return out, image, nil
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
