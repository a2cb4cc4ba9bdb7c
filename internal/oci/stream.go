package oci

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// readStream reads an archive that can be read only once. Its layers come in
// any order, and what names them comes last: each file that may be a layer is
// read as one, and put in its place at the end.
func (w *walk[T]) readStream() error {
	f, err := w.tree.stream(w.ctx)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	in, err := inflate(w.ctx, f)
	if err != nil {
		return fmt.Errorf("read image archive: %w", err)
	}
	defer func() { _ = in.Close() }()
	a, passes := newArchive(), map[string]*pass[T]{}
	t := tar.NewReader(in)
	var failed error
	for n := range maxEntries {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			failed = cutAt(n, err)
			break
		}
		if err := w.readStreamed(a, passes, h, t); err != nil {
			return err
		}
	}
	return w.order(a, passes, failed)
}

// readStreamed reads one file of an archive.
func (w *walk[T]) readStreamed(a *archive, passes map[string]*pass[T], h *tar.Header, r io.Reader) error {
	name := path.Clean(strings.TrimPrefix(h.Name, "./"))
	a.mark(name, h, 0)
	if h.Typeflag != tar.TypeReg {
		return w.ctx.Err()
	}
	in := bufio.NewReaderSize(r, 64<<10)
	head, _ := in.Peek(263) // shorter where the file is
	switch {
	case len(head) > 0 && (head[0] == '{' || head[0] == '['):
		if describes(name) {
			return a.keep(name, h.Size, in)
		}
	case len(passes) < maxLayers && (compressed(head) || isTar(head)):
		p := w.newPass(0)
		passes[name] = p
		if w.names > maxNames {
			p.err = errTooMany
			return nil
		}
		z, err := inflate(w.ctx, in)
		if err != nil {
			p.err = err
			return w.ctx.Err()
		}
		p.err = readTar(z, 0, p.add)
		_ = z.Close()
		p.finish()
		w.names += len(p.names)
	}
	return w.ctx.Err()
}

// isTar tells a tar archive, which may be empty, by its first bytes.
func isTar(head []byte) bool {
	if len(head) < 263 {
		return false
	}
	return string(head[257:262]) == "ustar" || head[0] == 0 || head[156] == 0 || head[156] >= '0' && head[156] <= '7'
}

// order puts the layers that were read in their places.
func (w *walk[T]) order(a *archive, passes map[string]*pass[T], failed error) error {
	images, err := a.images()
	if err != nil {
		if failed != nil {
			err = failed
		}
		return fmt.Errorf("read image archive: %w", err)
	}
	first := newTree(images)
	w.tree.Image, w.tree.Others = first.Image, first.Others
	names := first.Image.layers[:min(len(first.Image.layers), maxLayers)]
	w.passes = make([]*pass[T], len(names))
	w.next = len(names) - 1
	seen := map[string]bool{}
	for i, name := range slices.Backward(names) {
		w.tree.layers = append([]layer{{name: name}}, w.tree.layers...)
		p := passes[name]
		switch {
		case p == nil:
			p = w.newPass(i)
			_, p.err = missing(name)(context.Background())
		case seen[name]: // the same layer again: the upper one is what shows
			p = w.newPass(i)
		}
		seen[name] = true
		p.layer = i
		for _, f := range p.found {
			if f.Entry != nil {
				f.Entry.Layer = i
			}
		}
		w.settle(i, p)
	}
	if failed != nil {
		w.passes[0].err = errors.Join(w.passes[0].err, failed)
	}
	return nil
}
