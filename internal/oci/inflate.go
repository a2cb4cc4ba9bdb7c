package oci

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Bounds of a compressed layer. Deflate reaches 1:1032 on zeros; real layers
// stay below 1:50.
const (
	maxInflated = 64 << 30
	bombFrom    = 1 << 30
	bombRatio   = 200
)

// errBomb is why a layer is given up.
var errBomb = errors.New("it inflates beyond all measure")

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// compressed reports whether a file that begins with head is compressed.
func compressed(head []byte) bool {
	return bytes.HasPrefix(head, gzipMagic) || bytes.HasPrefix(head, zstdMagic)
}

// inflate returns a reader of what r holds, compressed with gzip or zstd or not
// at all: media types are wrong often enough that the content is asked.
func inflate(ctx context.Context, r io.Reader) (io.ReadCloser, error) {
	counted := &counter{r: &contextReader{ctx: ctx, r: r}}
	in := bufio.NewReaderSize(counted, 64<<10)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
		return &inflated{Reader: z, in: counted, end: z.Close}, nil
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(32<<20), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("inflate: %w", err)
		}
		return &inflated{Reader: z, in: counted, end: func() error { z.Close(); return nil }}, nil
	}
	return io.NopCloser(in), nil
}

// A counter counts what is read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflated reads a compressed stream and gives up on one made to be endless.
type inflated struct {
	io.Reader
	in  *counter
	out int64
	end func() error
}

func (i *inflated) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	i.out += int64(n)
	if i.out > maxInflated || i.out > bombFrom && i.out/bombRatio > i.in.n {
		return n, errBomb
	}
	return n, err
}

func (i *inflated) Close() error { return i.end() }
