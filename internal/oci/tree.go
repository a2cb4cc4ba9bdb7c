package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/internal/model"
)

// A Tree is the files of an image, a container or a folder, opened to be
// visited. It must be closed.
type Tree struct {
	Image  *Image   // nil of a folder, and of a stream before it was visited
	Others []string // names of further images in the same archive or layout, which are not visited

	layers   []layer // bottom first
	folder   bool    // it has no layers: layers holds the folder
	parallel bool    // reading takes time, so that several layers are read at once
	notes    []model.Note
	stream   func(ctx context.Context) (io.ReadCloser, error) // an archive that is read once
	closers  []io.Closer
	store    Store
}

// Remember has visits keep what they make of layers in s, and not look again
// at a layer they know from there.
func (t *Tree) Remember(s Store) { t.store = s }

// Store returns what Remember was given, or nil.
func (t *Tree) Store() Store { return t.store }

// Close closes the files t has open.
func (t *Tree) Close() error {
	var errs []error
	for _, c := range t.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// blobFolder is where an OCI layout has its blobs, by their digests.
const blobFolder = "blobs/sha256/"

// maxLayers bounds the layers of an image. Engines refuse more than 127.
const maxLayers = 1000

// Open opens a tar archive as docker save writes it or an OCI layout, as a
// folder or packed up. Of several images it takes the first.
func Open(name string) (*Tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openLayout(name)
	}
	if !info.Mode().IsRegular() {
		return OpenStream(func(context.Context) (io.ReadCloser, error) { return os.Open(name) }), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	t, err := openArchive(f, info.Size())
	if err != nil {
		_ = f.Close() // it was only read
		return nil, fmt.Errorf("read image archive %s: %w", name, err)
	}
	return t, nil
}

// IsLayout reports whether a folder is an OCI layout: image-spec, image-layout.md.
func IsLayout(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "index.json"))
	_, marker := os.Stat(filepath.Join(dir, "oci-layout"))
	return err == nil && info.Mode().IsRegular() && marker == nil
}

// openArchive opens an archive. One that is compressed is read as a stream.
func openArchive(f *os.File, size int64) (*Tree, error) {
	head := make([]byte, 4)
	if n, _ := f.ReadAt(head, 0); compressed(head[:n]) {
		name := f.Name()
		t := OpenStream(func(context.Context) (io.ReadCloser, error) { return os.Open(name) })
		return t, f.Close()
	}
	a, err := scan(newSection(f, 0, size))
	if err != nil {
		return nil, err
	}
	images, err := a.images()
	if err != nil {
		return nil, err
	}
	t := newTree(images)
	t.closers = append(t.closers, f)
	content := t.Image.diffIDs()
	for i, name := range t.Image.layers[:min(len(t.Image.layers), maxLayers)] {
		at, ok := a.at[name]
		l := layer{name: name, at: f, from: at.start, size: at.size}
		if !ok {
			l.at, l.open = nil, missing(name)
		} else {
			l.promise = sha256Of(name, blobFolder)
			if n, _ := f.ReadAt(head, at.start); compressed(head[:n]) {
				t.parallel = true
			} else if l.promise == "" {
				l.promise = sha256Of(content(i), "sha256:")
			}
		}
		t.layers = append(t.layers, l)
	}
	return t, nil
}

// missing is a layer that its archive does not have.
func missing(name string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
}

// newTree returns the tree of the first of images, without its layers.
func newTree(images []*Image) *Tree {
	t := &Tree{Image: images[0]}
	for _, i := range images[1:] {
		t.Others = append(t.Others, i.Name)
	}
	return t
}

// openLayout opens an OCI layout in a folder.
func openLayout(dir string) (*Tree, error) {
	images, err := ReadLayout(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	t := newTree(images)
	t.parallel = true
	t.closers = append(t.closers, root)
	for _, name := range t.Image.layers[:min(len(t.Image.layers), maxLayers)] {
		l := layer{name: name}
		info, err := root.Stat(name)
		switch {
		case err != nil:
			l.open = missing(name)
		case !info.Mode().IsRegular(): // a pipe would block us
			l.open = missing(name)
		default:
			f, err := root.Open(name)
			if err != nil {
				return nil, errors.Join(err, t.Close())
			}
			t.closers = append(t.closers, f)
			l.at, l.size, l.promise = f, info.Size(), sha256Of(name, blobFolder)
		}
		t.layers = append(t.layers, l)
	}
	return t, nil
}

// OpenFolder opens a folder: a root file system, or a project.
func OpenFolder(dir string) *Tree {
	return &Tree{folder: true, layers: []layer{{name: dir, dir: dir}}}
}

// OpenStream opens an archive as docker save writes it that can be read only
// once, such as what an engine sends. open is called by Visit.
func OpenStream(open func(ctx context.Context) (io.ReadCloser, error)) *Tree {
	return &Tree{stream: open}
}

// A rootfs is the part of an image configuration that is about layers:
// image-spec, config.md.
type rootfs struct {
	RootFS struct {
		DiffIDs []string `json:"diff_ids"`
	}
	History []struct {
		CreatedBy  string `json:"created_by"`
		EmptyLayer bool   `json:"empty_layer"`
	}
}

// diffIDs returns a function that tells the digest of the content of a layer, ""
// where the image's configuration does not.
func (i *Image) diffIDs() func(layer int) string {
	var c rootfs
	if json.Unmarshal(bytes.TrimSpace(i.Config), &c) != nil { // describe notes it
		c = rootfs{}
	}
	return func(layer int) string {
		if layer >= len(c.RootFS.DiffIDs) {
			return ""
		}
		return c.RootFS.DiffIDs[layer]
	}
}

// describe returns n layers with what the image's configuration says of them.
func (t *Tree) describe(n int) []model.Layer {
	out := make([]model.Layer, n)
	var c rootfs
	if t.Image == nil {
		return out
	}
	if err := json.Unmarshal(bytes.TrimSpace(t.Image.Config), &c); err != nil {
		t.notes = append(t.notes, model.Note{What: "image configuration", Why: err.Error()})
	}
	var steps []string
	for _, h := range c.History {
		if !h.EmptyLayer {
			steps = append(steps, h.CreatedBy)
		}
	}
	for i := range out {
		if i < len(c.RootFS.DiffIDs) {
			out[i].DiffID = c.RootFS.DiffIDs[i]
		}
		// A history that does not have a step per layer says nothing about
		// which is whose.
		if len(steps) == len(c.RootFS.DiffIDs) && i < len(steps) {
			out[i].History = steps[i]
		}
		out[i].Above = i < len(t.layers) && t.layers[i].written
	}
	return out
}

// layerName returns what notes call layer i.
func (t *Tree) layerName(i int) string {
	if i >= len(t.layers) {
		return fmt.Sprintf("layer %d", i+1)
	}
	name := strings.TrimPrefix(strings.TrimSuffix(t.layers[i].name, "/layer.tar"), blobFolder)
	if t.folder {
		return name
	}
	return fmt.Sprintf("layer %d (%s)", i+1, name[:min(len(name), 12)])
}
