package oci

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxHeld bounds what of a file is kept in memory for a reader that jumps
// about. Two such buffers at most exist at a time, above smallHeld one.
const (
	maxHeld   = 32 << 20
	smallHeld = 2 << 20
)

// ErrNoRandomAccess is returned by Content.ReaderAt for a file in a compressed
// layer that is larger than what is kept in memory.
var ErrNoRandomAccess = errors.New("too large to be read out of order from a compressed layer")

// A Content is a file's content, good until the function it was given to
// returns. It is read once, either in order or out of order.
type Content struct {
	Size int64
	r    io.Reader
	at   io.ReaderAt // nil in a stream
	hold *sync.Mutex // who keeps a large file in memory
	held bool
}

// Text returns text as the content of a file.
func Text(text []byte) *Content {
	return &Content{Size: int64(len(text)), r: bytes.NewReader(text), at: bytesAt(text)}
}

// Read reads in order.
func (c *Content) Read(p []byte) (int, error) { return c.r.Read(p) }

// ReadAll returns the content, or ErrTooLarge where there is more than limit.
func (c *Content) ReadAll(limit int64) ([]byte, error) {
	if c.Size > limit {
		return nil, fmt.Errorf("%d MB: %w", c.Size>>20, errTooLong)
	}
	text := make([]byte, c.Size)
	n, err := io.ReadFull(c.r, text)
	if err != nil {
		return nil, err
	}
	return text[:n], nil
}

// errTooLong is why a file is not read.
var errTooLong = errors.New("too large")

// Head returns the first bytes, at most n, without taking them from who reads
// next.
func (c *Content) Head(n int) []byte {
	head := make([]byte, min(int64(n), c.Size))
	if c.at != nil {
		got, _ := c.at.ReadAt(head, 0) // who reads next meets the same error
		return head[:got]
	}
	got, err := io.ReadFull(c.r, head)
	next := []io.Reader{bytes.NewReader(head[:got])}
	if err == nil {
		next = append(next, c.r)
	} else {
		next = append(next, broken{err})
	}
	c.r = io.MultiReader(next...)
	return head[:got]
}

// ReaderAt returns a reader that jumps about. From a compressed layer that
// takes as much memory as the file is long, so there ErrNoRandomAccess is
// returned for large files, and nothing has been read.
func (c *Content) ReaderAt() (io.ReaderAt, error) {
	if c.at != nil {
		return c.at, nil
	}
	if c.Size > maxHeld {
		return nil, ErrNoRandomAccess
	}
	if c.Size > smallHeld && !c.held {
		c.hold.Lock()
		c.held = true
	}
	text, err := c.ReadAll(maxHeld)
	if err != nil {
		return nil, err
	}
	c.at = bytesAt(text)
	return c.at, nil
}

// Twice gives the content to two readers in one pass. What can be read out of
// order they read one after the other; of a large file in a compressed layer
// each gets a stream, and reads as it comes.
func (c *Content) Twice(first, second func(*Content)) {
	if at, err := c.ReaderAt(); err == nil {
		for _, read := range []func(*Content){first, second} {
			read(&Content{Size: c.Size, r: io.NewSectionReader(at, 0, c.Size), at: at, hold: c.hold, held: false})
		}
		return
	} else if !errors.Is(err, ErrNoRandomAccess) {
		failed := &Content{Size: c.Size, r: broken{err}, hold: c.hold}
		first(failed)
		second(failed)
		return
	}
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		second(&Content{Size: c.Size, r: r, hold: c.hold})
		_, _ = io.Copy(io.Discard, r) // or the first would wait for it
	}()
	both := io.TeeReader(c.r, w)
	first(&Content{Size: c.Size, r: both, hold: c.hold})
	_, err := io.Copy(io.Discard, both) // the second may want more than the first read
	w.CloseWithError(err)
	<-done
}

// broken is content that could not be read.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// release gives back what the content held.
func (c *Content) release() {
	if c.held {
		c.hold.Unlock()
		c.held = false
	}
	c.at, c.r = nil, nil
}

// bytesAt is an io.ReaderAt over memory.
type bytesAt []byte

func (b bytesAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(b)) {
		return 0, io.EOF
	}
	n := copy(p, b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
