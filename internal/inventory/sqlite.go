package inventory

import (
	"encoding/binary"
	"errors"
	"io"
)

// sqliteMagic begins a database: SQLite, "Database File Format", 1.3.
const sqliteMagic = "SQLite format 3\x00"

// errSQLite is returned for a database that is damaged.
var errSQLite = errors.New("its tables are damaged")

// A sqlite is an SQLite database, of which whole tables are read.
type sqlite struct {
	at      io.ReaderAt
	page    int
	usable  int // bytes of a page without the reserved ones
	pages   int64
	visited int64
}

// readSQLite calls add for the last column of every row of a table: for rpm's
// that is the header.
func readSQLite(at io.ReaderAt, size int64, table string, add func([]byte) error) error {
	head, err := readPart(at, 0, 100)
	if err != nil {
		return err
	}
	d := &sqlite{at: at, page: int(binary.BigEndian.Uint16(head[16:]))}
	if d.page == 1 {
		d.page = 64 << 10
	}
	d.usable, d.pages = d.page-int(head[20]), 0
	if d.page < 512 || d.page&(d.page-1) != 0 || d.usable < 480 {
		return errSQLite
	}
	d.pages = size / int64(d.page)
	var root int64
	err = d.table(1, 0, func(row []byte) error {
		columns, err := columnsOf(row)
		if err == nil && len(columns) >= 4 && string(columns[0]) == "table" && string(columns[1]) == table {
			root = bigEndian(columns[3])
		}
		return err
	})
	if err != nil {
		return err
	}
	if root == 0 {
		return errors.New("it has no table " + table)
	}
	return d.table(root, 0, func(row []byte) error {
		columns, err := columnsOf(row)
		if err != nil || len(columns) == 0 {
			return err
		}
		return add(columns[len(columns)-1])
	})
}

// table calls add for every row of the table b-tree at page n.
func (d *sqlite) table(n int64, depth int, add func([]byte) error) error {
	const interior, leaf = 5, 13
	if d.visited++; d.visited > d.pages+1 || depth > 20 || n < 1 || n > d.pages {
		return errSQLite
	}
	page, err := readPart(d.at, (n-1)*int64(d.page), d.page)
	if err != nil {
		return err
	}
	head := 0
	if n == 1 {
		head = 100
	}
	kind, cells, start := page[head], int(binary.BigEndian.Uint16(page[head+3:])), head+8
	if kind == interior {
		start += 4
	} else if kind != leaf {
		return errSQLite
	}
	if start+2*cells > len(page) {
		return errSQLite
	}
	for i := range cells {
		at := int(binary.BigEndian.Uint16(page[start+2*i:]))
		if at+4 > d.usable {
			return errSQLite
		}
		if kind == interior {
			err = d.table(int64(binary.BigEndian.Uint32(page[at:])), depth+1, add)
		} else {
			err = d.row(page[at:d.usable], add)
		}
		if err != nil {
			return err
		}
	}
	if kind == interior {
		return d.table(int64(binary.BigEndian.Uint32(page[head+8:])), depth+1, add)
	}
	return nil
}

// row calls add for the row of a leaf's cell.
func (d *sqlite) row(cell []byte, add func([]byte) error) error {
	length, n := varint(cell)
	_, m := varint(cell[n:])
	if n == 0 || m == 0 || length < 0 || length > maxRPMHeader || length > d.pages*int64(d.page) {
		return errSQLite
	}
	cell = cell[n+m:]
	local := length
	if most := int64(d.usable - 35); length > most {
		least := int64((d.usable-12)*32/255 - 23)
		local = least + (length-least)%int64(d.usable-4)
		if local > most {
			local = least
		}
	}
	if local > int64(len(cell)) {
		return errSQLite
	}
	if local == length {
		return add(cell[:local])
	}
	if local+4 > int64(len(cell)) {
		return errSQLite
	}
	row := make([]byte, 0, length)
	row = append(row, cell[:local]...)
	next := int64(binary.BigEndian.Uint32(cell[local:]))
	for int64(len(row)) < length {
		if next < 1 || next > d.pages {
			return errSQLite
		}
		page, err := readPart(d.at, (next-1)*int64(d.page), d.page)
		if err != nil {
			return err
		}
		next = int64(binary.BigEndian.Uint32(page))
		row = append(row, page[4:4+min(int64(d.usable-4), length-int64(len(row)))]...)
	}
	return add(row)
}

// columnsOf splits a record into its columns.
func columnsOf(row []byte) ([][]byte, error) {
	size, n := varint(row)
	if n == 0 || size < int64(n) || size > int64(len(row)) {
		return nil, errSQLite
	}
	kinds, data := row[n:size], row[size:]
	var out [][]byte
	for len(kinds) > 0 {
		kind, n := varint(kinds)
		if n == 0 || kind < 0 {
			return nil, errSQLite
		}
		kinds = kinds[n:]
		length := int64(0)
		switch {
		case kind >= 12:
			length = (kind - 12) / 2
		case kind < 8:
			length = [...]int64{0, 1, 2, 3, 4, 6, 8, 8}[kind]
		}
		if length > int64(len(data)) {
			return nil, errSQLite
		}
		out = append(out, data[:length])
		data = data[length:]
	}
	return out, nil
}

// varint returns SQLite's variable-length integer and its length, 0 where
// there is none.
func varint(b []byte) (int64, int) {
	var v uint64
	for i := range min(len(b), 9) {
		if i == 8 {
			return int64(v<<8 | uint64(b[i])), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return int64(v), i + 1
		}
	}
	return 0, 0
}

func bigEndian(b []byte) int64 {
	var v int64
	for _, c := range b[:min(len(b), 7)] {
		v = v<<8 | int64(c)
	}
	return v
}
