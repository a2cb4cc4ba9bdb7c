package oci

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Bounds of an archive: its entries, and what of it is kept in memory.
const (
	maxEntries = 1_000_000
	maxKept    = 64 << 20
)

// archive holds the small files of a tar archive that may be JSON.
type archive struct {
	files map[string][]byte
	large map[string]bool // files above maxBlob
	kept  int
	at    map[string]span   // where files that may be layers are, in an archive that is not compressed
	links map[string]string // symbolic links: older engines save a layer once
}

// A span is a part of a file.
type span struct{ start, size int64 }

// maxSpans bounds how many files of an archive may be layers.
const maxSpans = 10_000

// mark remembers where the entry h is, whose content begins at pos.
func (a *archive) mark(name string, h *tar.Header, pos int64) {
	if len(a.at)+len(a.links) >= maxSpans {
		return
	}
	switch h.Typeflag {
	case tar.TypeReg:
		a.at[name] = span{pos, h.Size}
	case tar.TypeSymlink, tar.TypeLink:
		target := h.Linkname
		if h.Typeflag == tar.TypeSymlink && !path.IsAbs(target) {
			target = path.Join(path.Dir(name), target)
		}
		a.links[name] = cleanName(target)
	}
}

// resolve returns the name of the file that name is or leads to.
func (a *archive) resolve(name string) string {
	for range maxLinkDepth {
		next, ok := a.links[name]
		if !ok {
			break
		}
		name = next
	}
	return name
}

func (a *archive) read(name string) ([]byte, error) {
	if text, ok := a.files[name]; ok {
		return text, nil
	}
	if a.large[name] {
		return nil, fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// ReadArchive returns the images of a tar archive, as docker save or an OCI
// layout packed up, plain or compressed with gzip. The archive is streamed:
// what describes the images may come before or after the layers, which are
// skipped.
func ReadArchive(ctx context.Context, r io.Reader) ([]*Image, error) {
	in := bufio.NewReader(&contextReader{ctx: ctx, r: r})
	if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("read image archive: %w", err)
		}
		defer func() { _ = z.Close() }()
		in = bufio.NewReader(z)
	}
	a, err := scan(in)
	if err != nil {
		return nil, fmt.Errorf("read image archive: %w", err)
	}
	images, err := a.images()
	if err != nil {
		return nil, fmt.Errorf("read image archive: %w", err)
	}
	return images, nil
}

func newArchive() *archive {
	return &archive{files: map[string][]byte{}, large: map[string]bool{}, at: map[string]span{}, links: map[string]string{}}
}

// scan reads the whole archive and keeps what may describe images.
func scan(r io.Reader) (*archive, error) {
	a := newArchive()
	t := tar.NewReader(r)
	in, _ := r.(*section)
	for n := range maxEntries {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		if err != nil {
			return nil, cutAt(n, err)
		}
		name := path.Clean(strings.TrimPrefix(h.Name, "./"))
		if in != nil {
			a.mark(name, h, in.pos)
		}
		if h.Typeflag != tar.TypeReg || !describes(name) {
			continue
		}
		if err := a.keep(name, h.Size, t); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("it has more than %d entries", maxEntries)
}

// errNoArchive is why a file of anything else cannot be read.
var errNoArchive = errors.New("it is not an image archive")

// cutAt returns why the archive cannot be read on from its nth entry.
func cutAt(n int, err error) error {
	if n == 0 && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return errNoArchive
	}
	return err
}

// describes reports whether the file called name may describe an image.
func describes(name string) bool {
	return name == "index.json" || strings.HasPrefix(name, "blobs/sha256/") ||
		strings.HasSuffix(name, ".json") && !strings.Contains(name, "/")
}

// keep keeps a file that is JSON. Layers are told by their first bytes.
func (a *archive) keep(name string, size int64, r io.Reader) error {
	in := bufio.NewReader(r)
	if start, err := in.Peek(1); err != nil || start[0] != '{' && start[0] != '[' {
		return nil
	}
	if size > maxBlob {
		a.large[name] = true
		return nil
	}
	if a.kept += int(size); a.kept > maxKept {
		return errors.New("what describes its images is too large")
	}
	text, err := io.ReadAll(io.LimitReader(in, maxBlob))
	if err != nil {
		return err
	}
	a.files[name] = text
	return nil
}

// images returns the images of the archive: by docker save's manifest.json
// where it is there, else by OCI's index.json. Newer Docker writes both, and
// only the former has every tag.
func (a *archive) images() ([]*Image, error) {
	text, err := a.read("manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		images, err := readIndex(a)
		if errors.Is(err, fs.ErrNotExist) && len(a.files) == 0 {
			return nil, errors.New("it holds no image: neither manifest.json nor index.json")
		}
		return images, err
	}
	if err != nil {
		return nil, err
	}
	var list []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(bytes.TrimSpace(text), &list); err != nil {
		return nil, fmt.Errorf("read manifest.json: %w", err)
	}
	indexed, err := readIndex(a)
	if err != nil {
		indexed = nil // older engines write none, and the images are whole without it
	}
	var out []*Image
	for _, m := range list {
		config, err := a.read(path.Clean(m.Config))
		if err != nil {
			return nil, err
		}
		image := &Image{Config: config, ConfigID: digestOf(config), Tags: m.RepoTags}
		image.completeFrom(indexed)
		for _, l := range m.Layers {
			image.layers = append(image.layers, a.resolve(path.Clean(l)))
		}
		image.Name = image.ConfigID
		if len(m.RepoTags) > 0 {
			image.Name = m.RepoTags[0]
		}
		out = append(out, image)
	}
	if len(out) == 0 {
		return nil, errors.New("manifest.json names no image")
	}
	return out, nil
}

// A contextReader fails once its context is done, so that an endless archive
// can be given up.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
