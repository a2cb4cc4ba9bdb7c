package vuln

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime/debug"
	"time"
)

// OldAfter is the age from which data is called old: advisories for what
// most images hold come out every day.
const OldAfter = 7 * 24 * time.Hour

// A Source is one export a database was built from.
type Source struct {
	Name       string    `json:"name"` // the ecosystem, or the file's name where it is of several
	Advisories int       `json:"advisories"`
	Newest     time.Time `json:"newest"` // when an advisory in it last changed
}

// A Count is how much a database holds for one ecosystem and release.
type Count struct {
	Name       string `json:"name"`
	Packages   int    `json:"packages"`
	Advisories int    `json:"advisories"` // counted once for each package
}

// Info says what is in a database.
type Info struct {
	Major      int       `json:"-"` // the version of the file's format
	Minor      int       `json:"-"`
	Size       int64     `json:"-"` // of the file, in bytes
	SHA256     string    `json:"-"` // of the file's content after its header
	Built      time.Time `json:"-"`
	Sources    []Source  `json:"sources"`
	Ecosystems []Count   `json:"ecosystems"`
	Exploited  int       `json:"exploited"` // CVEs known to be exploited
	EPSS       int       `json:"epss"`      // CVEs with a probability of exploitation
	EPSSDate   string    `json:"epss_date,omitempty"`
	KEVDate    string    `json:"kev_date,omitempty"`
}

// Newest returns when an advisory of any source last changed: how old the
// data is, however new the file is.
func (i Info) Newest() time.Time {
	var newest time.Time
	for _, s := range i.Sources {
		if s.Newest.After(newest) {
			newest = s.Newest
		}
	}
	return newest
}

// Age returns how old the data is.
func (i Info) Age(now time.Time) time.Duration { return max(now.Sub(i.Newest()), 0) }

// Advisories returns the number of advisories of all sources.
func (i Info) Advisories() int {
	n := 0
	for _, s := range i.Sources {
		n += s.Advisories
	}
	return n
}

// A DB is an open advisory database. Its methods may be called at the same
// time, but not together with Close.
type DB struct {
	file    []byte
	release func() error
	info    Info
	header  *header

	strings, advisories, entries, keys, cves, days []byte
}

// Open opens a database. Its header is checked; what is behind it is checked
// as it is read, and as a whole by Verify.
func Open(path string) (*DB, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := int(stat.Size())
	if !stat.Mode().IsRegular() || size < headerFixed {
		return nil, fmt.Errorf("open %s: %w", path, damaged("too short"))
	}
	content, release, err := mapFile(f, size)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	d, err := newDB(content)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), release())
	}
	d.release = release
	return d, nil
}

// readFile is mapFile where there is no memory to map.
func readFile(f *os.File, size int) ([]byte, func() error, error) {
	b := make([]byte, size)
	_, err := io.ReadFull(f, b)
	return b, func() error { return nil }, err
}

// newDB reads the header and the meta section of a file.
func newDB(file []byte) (d *DB, err error) {
	defer catchFault(&err)()
	d = &DB{file: file, release: func() error { return nil }}
	if d.header, err = decodeHeader(file); err != nil {
		return nil, err
	}
	var meta []byte
	parts := map[sectionKind]*[]byte{
		sectionMeta: &meta, sectionStrings: &d.strings, sectionAdvisories: &d.advisories,
		sectionEntries: &d.entries, sectionKeys: &d.keys, sectionCVEs: &d.cves, sectionDays: &d.days,
	}
	for _, s := range d.header.sections {
		if part := parts[s.kind]; part != nil {
			*part = file[s.offset : s.offset+s.length]
			if s.kind == sectionMeta && (s.length > maxMeta || crc32.Checksum(meta, castagnoli()) != s.crc) {
				return nil, damaged("meta checksum differs")
			}
			delete(parts, s.kind)
		}
	}
	delete(parts, sectionDays) // a file of format 1.0 has none
	if len(parts) > 0 || len(d.keys)%keySize != 0 || len(d.cves)%cveSize != 0 || len(d.days)%daySize != 0 {
		return nil, damaged("section missing")
	}
	if err := json.Unmarshal(meta, &d.info); err != nil {
		return nil, damaged("meta: " + err.Error())
	}
	d.info.Major, d.info.Minor, d.info.Size = int(d.header.major), int(d.header.minor), int64(len(file))
	d.info.SHA256, d.info.Built = fmt.Sprintf("%x", d.header.sum), time.Unix(d.header.built, 0).UTC()
	return d, nil
}

// Info says what is in the database. It belongs to the database.
func (d *DB) Info() Info { return d.info }

// Close gives the memory back.
func (d *DB) Close() error {
	release := d.release
	*d = DB{release: func() error { return nil }}
	return release()
}

// Verify reads the whole file and checks its checksum and that every package
// and advisory in it can be read.
func (d *DB) Verify(ctx context.Context) (err error) {
	defer catchFault(&err)()
	if d.header == nil {
		return os.ErrClosed
	}
	rest := d.file[headerLength(len(d.header.sections)):]
	sum := sha256.New()
	for chunk := range chunks(rest, 16<<20) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		sum.Write(chunk)
	}
	if !bytes.Equal(sum.Sum(nil), d.header.sum[:]) {
		return damaged("checksum differs")
	}
	for _, s := range d.header.sections {
		if crc32.Checksum(d.file[s.offset:s.offset+s.length], castagnoli()) != s.crc {
			return damaged(fmt.Sprintf("checksum of section %d differs", s.kind))
		}
	}
	for i := range len(d.keys) / keySize {
		if i%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := d.verifyKey(i); err != nil {
			return err
		}
	}
	return nil
}

// chunks yields b in parts of at most n bytes.
func chunks(b []byte, n int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			part := b[:min(n, len(b))]
			if !yield(part) {
				return
			}
			b = b[len(part):]
		}
	}
}

// verifyKey checks that package i comes after the one before it and that
// everything known about it can be read.
func (d *DB) verifyKey(i int) error {
	ecosystem, name, err := d.key(i)
	if err != nil {
		return err
	}
	if i > 0 {
		c, err := d.compareKey(i-1, ecosystem, name)
		if err != nil {
			return err
		}
		if c >= 0 {
			return damaged("packages out of order")
		}
	}
	return d.eachEntry(i, func(n *entry) error {
		_, err := d.advisory(n.advisory)
		return err
	})
}

// key returns the ecosystem and the name of package i.
func (d *DB) key(i int) (ecosystem, name string, err error) {
	le := binary.LittleEndian
	row := d.keys[i*keySize:]
	dec := decoder{strings: d.strings}
	ecosystem, name = dec.text(uint64(le.Uint32(row))), dec.text(uint64(le.Uint32(row[4:])))
	return ecosystem, name, dec.err
}

// compareKey orders package i against another.
func (d *DB) compareKey(i int, ecosystem, name string) (int, error) {
	le := binary.LittleEndian
	row := d.keys[i*keySize:]
	dec := decoder{strings: d.strings}
	c := compareText(dec.raw(uint64(le.Uint32(row))), ecosystem)
	if c == 0 {
		c = compareText(dec.raw(uint64(le.Uint32(row[4:]))), name)
	}
	return c, dec.err
}

// compareText is cmp.Compare without a copy of a.
func compareText(a []byte, b string) int {
	switch {
	case string(a) == b:
		return 0
	case string(a) < b:
		return -1
	}
	return 1
}

// find returns the place of a package, or where it would be.
func (d *DB) find(ecosystem, name string) (i int, found bool, err error) {
	i, found = search(len(d.keys)/keySize, func(i int) int {
		c, e := d.compareKey(i, ecosystem, name)
		err = errors.Join(err, e)
		return c
	})
	return i, found && err == nil, err
}

// covers reports whether the database has data of the ecosystem and release.
func (d *DB) covers(ecosystem string) (bool, error) {
	i, found, err := d.find(ecosystem, "")
	if found || err != nil || i == len(d.keys)/keySize {
		return found, err
	}
	e, _, err := d.key(i)
	return e == ecosystem, err
}

// eachEntry calls visit with what advisories say of package i.
func (d *DB) eachEntry(i int, visit func(*entry) error) error {
	le := binary.LittleEndian
	row := d.keys[i*keySize:]
	offset, length := uint64(le.Uint32(row[8:])), uint64(le.Uint32(row[12:]))
	if offset > uint64(len(d.entries)) || length > uint64(len(d.entries))-offset {
		return damaged("entries outside their section")
	}
	list := decoder{b: d.entries[offset : offset+length], strings: d.strings}
	for n := 0; len(list.b) > 0 && n < maxEntries; n++ {
		body := decoder{b: list.block(), strings: d.strings}
		var e entry
		if list.err == nil {
			e.decode(&body)
		}
		if err := cmp.Or(list.err, body.err); err != nil {
			return err
		}
		if err := visit(&e); err != nil {
			return err
		}
	}
	return list.err
}

// advisory reads the advisory at an offset of its section.
func (d *DB) advisory(offset uint64) (*advisory, error) {
	if offset > uint64(len(d.advisories)) {
		return nil, damaged("advisory outside its section")
	}
	list := decoder{b: d.advisories[offset:]}
	body := decoder{b: list.block(), strings: d.strings}
	a := new(advisory)
	a.decode(&body)
	return a, cmp.Or(list.err, body.err)
}

// catchFault turns a fault while reading mapped memory into an error: the
// file was cut short by somebody after it was opened. The function it returns
// is to be deferred.
func catchFault(err *error) func() {
	before := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(before)
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			*err = damaged(fmt.Sprintf("cut short while it was read, at %#x", r.Addr()))
		default:
			panic(r)
		}
	}
}
