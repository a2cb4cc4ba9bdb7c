package oci

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// An add takes the next entry of a layer.
type add func(e *Entry, k kind, o opener) error

// A tarLayer reads the entries of a layer that is a tar archive.
type tarLayer struct {
	t       *tar.Reader
	section *section // nil in a stream
	header  *tar.Header
}

// readTar reads the tar archive r, which may be a section.
func readTar(r io.Reader, layer int, add add) error {
	l := &tarLayer{t: tar.NewReader(r)}
	l.section, _ = r.(*section)
	for {
		h, err := l.t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read its files: %w", err)
		}
		l.header = h
		e := tarEntry(h, layer)
		var k kind
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeGNUSparse, tar.TypeSymlink, tar.TypeDir, tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
			e.Name, k = whiteoutOf(e.Name)
		case tar.TypeLink:
			e.Target, k = cleanName(h.Linkname), hardLink
			e.Mode, e.Size = e.Mode.Perm()|e.Mode&(fs.ModeSetuid|fs.ModeSetgid), 0
		default:
			continue
		}
		if err := add(e, k, l); err != nil {
			return err
		}
	}
}

// content implements opener.
func (l *tarLayer) content(e *Entry) (*Content, error) {
	c := &Content{Size: e.Size, r: l.t}
	if l.section != nil && !sparse(l.header) {
		c.at = io.NewSectionReader(l.section.r, l.section.pos, e.Size)
	}
	return c, nil
}

// sparse reports whether the content of a file is not stored in one piece.
func sparse(h *tar.Header) bool {
	return h.Typeflag == tar.TypeGNUSparse || h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != ""
}

// A section is a part of a file, read in order with a small window and skipped
// over without being read. Unlike io.SectionReader it does not ask the system
// for each of a tar archive's blocks.
type section struct {
	r    io.ReaderAt
	pos  int64 // where the next byte is read
	end  int64
	from int64 // where window begins
	win  []byte
	buf  [8 << 10]byte
}

func newSection(r io.ReaderAt, start, size int64) *section {
	return &section{r: r, pos: start, end: start + size}
}

func (s *section) Read(p []byte) (int, error) {
	if s.pos >= s.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.end-s.pos)]
	if len(p) >= len(s.buf) {
		n, err := s.r.ReadAt(p, s.pos)
		s.pos += int64(n)
		if n > 0 {
			err = nil
		}
		return n, err
	}
	if s.pos < s.from || s.pos >= s.from+int64(len(s.win)) {
		n, err := s.r.ReadAt(s.buf[:min(int64(len(s.buf)), s.end-s.pos)], s.pos)
		if n == 0 {
			return 0, err
		}
		s.from, s.win = s.pos, s.buf[:n]
	}
	n := copy(p, s.win[s.pos-s.from:])
	s.pos += int64(n)
	return n, nil
}

// Seek implements io.Seeker as far as archive/tar uses it: relative to where it
// stands. Past the end it fails when it is read.
func (s *section) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent || s.pos+offset < 0 || s.pos+offset < s.pos && offset > 0 {
		return 0, errors.ErrUnsupported
	}
	s.pos += offset
	return s.pos, nil
}

// A layer is where one layer of an image is.
type layer struct {
	name string                                           // as its image calls it
	open func(ctx context.Context) (io.ReadCloser, error) // a tar archive, compressed or not
	at   io.ReaderAt                                      // or the same as a part of a file
	from int64
	size int64
	dir  string // or a folder, as overlay2 keeps it

	content string // what names the content, where that is vouched for: see kept
	written bool   // by a container, above its image
	promise string // the SHA-256 its image names the stored bytes by, hexadecimal; "" where it does not
}

// read reads the entries of a layer.
func (l *layer) read(ctx context.Context, add add, index int) (err error) {
	if l.dir != "" {
		return readFolder(ctx, l.dir, index, add)
	}
	var raw io.Reader
	switch {
	case l.at != nil:
		head := make([]byte, 4)
		if n, _ := l.at.ReadAt(head, l.from); !compressed(head[:n]) {
			return readTar(newSection(l.at, l.from, l.size), index, add)
		}
		raw = io.NewSectionReader(l.at, l.from, l.size)
	default:
		f, err := l.open(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		raw = f
	}
	z, err := inflate(ctx, raw)
	if err != nil {
		return err
	}
	defer func() { _ = z.Close() }()
	if err := readTar(z, index, add); err != nil {
		return err
	}
	// To the end, because only there checksums and digests are compared.
	if _, err := io.Copy(io.Discard, z); err != nil {
		return fmt.Errorf("read to its end: %w", err)
	}
	return nil
}
