package oci

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"bulkhead/internal/model"
)

// maxBlob bounds configurations, manifests and indexes. Real ones have some
// ten kilobytes; registries refuse manifests above 4 MB.
const maxBlob = 8 << 20

// maxNesting bounds how deep indexes name indexes.
const maxNesting = 4

// ErrTooLarge is returned for a configuration, manifest or index above 8 MB.
var ErrTooLarge = errors.New("larger than 8 MB")

// An Image is what describes an image, without its layers.
type Image struct {
	Name     string   // its first tag, or where it comes from
	Tags     []string // as the archive or layout gives them
	Config   []byte   // the OCI image configuration, with the history
	ConfigID string   // digest of Config
	Manifest []byte   // nil where an archive has none
	Digest   string   // digest of Manifest, "" where there is none
	Size     int64    // bytes of the layers as stored, 0 where it is not known

	Annotations map[string]string // of the manifest
	Statements  [][]byte          // in-toto statements that are attached to it, as BuildKit attaches provenance
	Notes       []model.Note      // what of it could not be read

	layers []string // the names of the layers' files, bottom first
}

// blobs are the small files of an archive or a layout, by their names there.
type blobs interface {
	// read returns a file; an error that is fs.ErrNotExist where there is none.
	read(name string) ([]byte, error)
}

// A descriptor is an OCI descriptor: image-spec, descriptor.md.
type descriptor struct {
	MediaType   string
	Digest      string
	Size        int64
	Annotations map[string]string
	Platform    *struct{ OS, Architecture string }
}

// An index is an OCI index or a manifest; which, its fields tell.
type index struct {
	Manifests []descriptor
	Config    *descriptor
	Layers    []descriptor

	Annotations map[string]string
}

// readIndex returns the images that the index.json of b names.
func readIndex(b blobs) ([]*Image, error) {
	text, err := b.read("index.json")
	if err != nil {
		return nil, err
	}
	var top index
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, fmt.Errorf("read index.json: %w", err)
	}
	var out []*Image
	for _, d := range top.Manifests {
		if d.attestation() {
			continue
		}
		image, err := readManifest(b, d, 0)
		if err != nil {
			return nil, err
		}
		image.attest(b, top.Manifests)
		image.Tags = d.tags()
		image.Name = image.Digest
		if len(image.Tags) > 0 {
			image.Name = image.Tags[0]
		}
		out = append(out, image)
	}
	if len(out) == 0 {
		return nil, errors.New("index.json names no image")
	}
	return out, nil
}

// tags returns the names an index gives to an image. containerd and Docker
// write the whole reference, others a tag alone.
func (d descriptor) tags() []string {
	for _, key := range [...]string{"io.containerd.image.name", "org.opencontainers.image.ref.name"} {
		if name := d.Annotations[key]; name != "" {
			return []string{name}
		}
	}
	return nil
}

// attestation reports whether d is about an image rather than one: BuildKit
// stores provenance that way.
func (d descriptor) attestation() bool {
	return d.Annotations[referenceType] != "" ||
		d.Platform != nil && d.Platform.OS == "unknown"
}

// readManifest returns the image d names. Of an index it takes the image for
// this machine's architecture, or else the first.
func readManifest(b blobs, d descriptor, depth int) (*Image, error) {
	if depth > maxNesting {
		return nil, errors.New("indexes are nested too deep")
	}
	text, err := readBlob(b, d.Digest)
	if err != nil {
		return nil, err
	}
	var m index
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read manifest %s: %w", d.Digest, err)
	}
	if m.Config == nil {
		next, ok := choose(m.Manifests)
		if !ok {
			return nil, fmt.Errorf("manifest %s names neither a configuration nor an image", d.Digest)
		}
		image, err := readManifest(b, next, depth+1)
		if err == nil {
			image.attest(b, m.Manifests)
		}
		return image, err
	}
	image := &Image{Manifest: text, Digest: d.Digest, ConfigID: m.Config.Digest, Annotations: m.Annotations}
	for _, l := range m.Layers {
		image.Size += max(l.Size, 0)
		image.layers = append(image.layers, blobName(l.Digest))
	}
	image.Config, err = readBlob(b, m.Config.Digest)
	return image, err
}

// choose returns the manifest for this machine.
func choose(all []descriptor) (descriptor, bool) {
	var first *descriptor
	for i, d := range all {
		if d.attestation() {
			continue
		}
		if d.Platform != nil && d.Platform.OS == "linux" && d.Platform.Architecture == runtime.GOARCH {
			return d, true
		}
		if first == nil {
			first = &all[i]
		}
	}
	if first == nil {
		return descriptor{}, false
	}
	return *first, true
}

// readBlob returns the blob with the given digest, which it must have.
func readBlob(b blobs, digest string) ([]byte, error) {
	algorithm, sum, _ := strings.Cut(digest, ":")
	if algorithm != "sha256" || len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
		return nil, fmt.Errorf("digest %q is not one of sha256", digest)
	}
	text, err := b.read(blobName(digest))
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", digest, err)
	}
	if got := digestOf(text); got != digest {
		return nil, fmt.Errorf("read blob %s: its content is that of %s", digest, got)
	}
	return text, nil
}

// blobName returns the name of a blob's file in a layout: image-spec,
// image-layout.md.
func blobName(digest string) string {
	return "blobs/" + strings.Replace(digest, ":", "/", 1)
}

// digestOf returns the digest of text.
func digestOf(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}
