package inventory

import (
	"encoding/binary"
	"errors"
	"io"
)

// The format of Packages, Berkeley DB's hash: db, src/dbinc/db_page.h. The
// bytes are in the order of the machine that wrote them.
const (
	bdbHashMagic   = 0x061561
	bdbHeader      = 26 // bytes of a page's header
	bdbHashOld     = 2  // types of pages
	bdbHash        = 13
	bdbOverflow    = 7
	bdbKeyData     = 1 // types of items
	bdbOffPage     = 3
	bdbOffPageSize = 12
)

// A bdb is a Berkeley DB hash.
type bdb struct {
	at    io.ReaderAt
	order binary.ByteOrder
	page  int
	pages int64
}

// readBDB calls add for every header of the database.
func readBDB(at io.ReaderAt, size int64, add func([]byte) error) error {
	head, err := readPart(at, 0, 512)
	if err != nil {
		return err
	}
	d := &bdb{at: at, order: binary.LittleEndian}
	if d.order.Uint32(head[12:]) != bdbHashMagic {
		d.order = binary.BigEndian
	}
	if d.order.Uint32(head[12:]) != bdbHashMagic {
		return errors.New("it is of no format that rpm uses")
	}
	d.page = int(d.order.Uint32(head[20:]))
	if d.page < 512 || d.page > 64<<10 || d.page&(d.page-1) != 0 {
		return errors.New("its pages have an impossible size")
	}
	d.pages = size / int64(d.page)
	for n := int64(1); n < d.pages; n++ {
		page, err := readPart(at, n*int64(d.page), d.page)
		if err != nil {
			return err
		}
		if kind := page[25]; kind != bdbHash && kind != bdbHashOld {
			continue
		}
		if err := d.values(page, add); err != nil {
			return err
		}
	}
	return nil
}

// values calls add for the values of a page: every second item.
func (d *bdb) values(page []byte, add func([]byte) error) error {
	items := int(d.order.Uint16(page[20:]))
	if bdbHeader+2*items > len(page) {
		return errors.New("a page is damaged")
	}
	end := len(page)
	for i := range items {
		offset := int(d.order.Uint16(page[bdbHeader+2*i:]))
		if offset < bdbHeader || offset >= end {
			return errors.New("a page is damaged")
		}
		item := page[offset:end]
		end = offset
		if i%2 == 0 {
			continue
		}
		header := item[1:]
		if item[0] == bdbOffPage {
			if len(item) < bdbOffPageSize {
				return errors.New("a page is damaged")
			}
			var err error
			if header, err = d.overflow(int64(d.order.Uint32(item[4:])), int64(d.order.Uint32(item[8:]))); err != nil {
				return err
			}
		} else if item[0] != bdbKeyData || len(header) < 16 {
			continue // the number of the newest package
		}
		if err := add(header); err != nil {
			return err
		}
	}
	return nil
}

// overflow returns a value that has pages of its own.
func (d *bdb) overflow(n, length int64) ([]byte, error) {
	if length > maxRPMHeader || length > d.pages*int64(d.page) {
		return nil, errors.New("a package is longer than the file")
	}
	out := make([]byte, 0, length)
	for int64(len(out)) < length {
		if n <= 0 || n >= d.pages {
			return nil, errors.New("a package leads out of the file")
		}
		page, err := readPart(d.at, n*int64(d.page), d.page)
		if err != nil {
			return nil, err
		}
		used := int(d.order.Uint16(page[22:]))
		if page[25] != bdbOverflow || used == 0 || bdbHeader+used > len(page) {
			return nil, errors.New("a package is damaged")
		}
		out = append(out, page[bdbHeader:bdbHeader+used]...)
		n = int64(d.order.Uint32(page[16:]))
	}
	return out[:length], nil
}
