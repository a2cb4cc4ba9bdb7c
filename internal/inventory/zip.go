package inventory

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// Bounds of a zip archive.
const (
	maxDirectory = 16 << 20 // bytes of its table of contents, some 100,000 files
	maxZipFiles  = 200_000
)

// errZip is returned for an archive that cannot be read.
var errZip = errors.New("it is no zip archive, or damaged")

// A zipFile is a file of a zip archive.
type zipFile struct {
	name         string
	method       uint16
	size, packed int64
	header       int64 // offset
}

// readZip calls visit for every file of a zip archive: APPNOTE.TXT, 4.3. Not
// archive/zip: that makes an object of each file, of which an archive made to
// hurt has a million.
func readZip(at io.ReaderAt, size int64, visit func(zipFile) error) error {
	tail := make([]byte, min(size, 22+64<<10))
	if n, _ := at.ReadAt(tail, size-int64(len(tail))); n < len(tail) {
		return errZip
	}
	end := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if end < 0 || len(tail)-end < 22 {
		return errZip
	}
	length, offset := int64(binary.LittleEndian.Uint32(tail[end+12:])), int64(binary.LittleEndian.Uint32(tail[end+16:]))
	// Bytes may stand before the archive, such as a script that starts it.
	start := size - int64(len(tail)-end) - length
	before := start - offset
	if length > maxDirectory {
		return errors.New("it has too many files")
	}
	if start < 0 || before < 0 {
		return errZip
	}
	directory := make([]byte, length)
	if n, _ := at.ReadAt(directory, start); n < len(directory) {
		return errZip
	}
	for range maxZipFiles {
		if len(directory) < 46 || string(directory[:4]) != "PK\x01\x02" {
			return nil
		}
		d := directory
		name, extra, comment := int(binary.LittleEndian.Uint16(d[28:])), int(binary.LittleEndian.Uint16(d[30:])), int(binary.LittleEndian.Uint16(d[32:]))
		if 46+name+extra+comment > len(d) {
			return errZip
		}
		directory = d[46+name+extra+comment:]
		f := zipFile{
			name: string(d[46 : 46+name]), method: binary.LittleEndian.Uint16(d[10:]),
			packed: int64(binary.LittleEndian.Uint32(d[20:])), size: int64(binary.LittleEndian.Uint32(d[24:])),
			header: before + int64(binary.LittleEndian.Uint32(d[42:])),
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return errors.New("it has too many files")
}

// open returns the content of f, in place where it is not compressed.
func (f zipFile) open(at io.ReaderAt) (*io.SectionReader, io.Reader, error) {
	head := make([]byte, 30)
	if n, _ := at.ReadAt(head, f.header); n < len(head) || string(head[:4]) != "PK\x03\x04" {
		return nil, nil, errZip
	}
	start := f.header + 30 + int64(binary.LittleEndian.Uint16(head[26:])) + int64(binary.LittleEndian.Uint16(head[28:]))
	part := io.NewSectionReader(at, start, f.packed)
	switch f.method {
	case 0:
		return part, part, nil
	case 8:
		return nil, flate.NewReader(part), nil
	}
	return nil, nil, errors.New("a file is compressed in a way that is not supported")
}

// read returns the content of f, which may have limit bytes.
func (f zipFile) read(at io.ReaderAt, limit int64) ([]byte, error) {
	_, r, err := f.open(at)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(text)) > limit {
		return nil, errors.New("a file in it is too large")
	}
	return text, err
}
