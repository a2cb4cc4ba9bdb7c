package vuln

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
)

// A spool is a temporary file that is written from its beginning and read
// back. It has no name, so nothing is left when the program is killed.
type spool struct {
	file *os.File
	w    *bufio.Writer
	size int64
}

func newSpool(dir string) (*spool, error) {
	f, err := os.CreateTemp(dir, ".bulkhead-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &spool{file: f, w: bufio.NewWriterSize(f, 1<<16)}, nil
}

// remove gives the space back.
func (s *spool) remove() { _ = s.file.Close() } // nobody reads it any more

// block writes the length of b and b, and returns where.
func (s *spool) block(b []byte) (offset int64, err error) {
	offset = s.size
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(b)))
	if _, err := s.w.Write(length[:n]); err != nil {
		return 0, err
	}
	_, err = s.w.Write(b)
	s.size += int64(n + len(b))
	return offset, err
}

// content returns everything that was written.
func (s *spool) content() (*io.SectionReader, error) {
	if err := s.w.Flush(); err != nil {
		return nil, err
	}
	return io.NewSectionReader(s.file, 0, s.size), nil
}

// maxInterned is how many bytes of texts an interner remembers.
const maxInterned = 64 << 20

// An interner writes each text once. Past maxInterned it forgets: texts it
// has not seen by then are written each time.
type interner struct {
	spool *spool
	refs  map[string]uint32
	held  int
	err   error
}

func newInterner(s *spool) *interner {
	i := &interner{spool: s, refs: map[string]uint32{}}
	i.ref("")
	return i
}

// ref returns the offset of a text in the strings section.
func (i *interner) ref(s string) uint32 {
	if r, ok := i.refs[s]; ok {
		return r
	}
	offset, err := i.spool.block([]byte(s))
	if err == nil && offset > math.MaxUint32>>2 {
		err = errors.New("more text than a database holds")
	}
	if err != nil {
		i.err = errors.Join(i.err, err)
		return 0
	}
	r := uint32(offset)
	if i.held < maxInterned {
		i.refs[s] = r
		i.held += len(s)
	}
	return r
}
