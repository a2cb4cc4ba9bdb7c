package vuln

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
)

// The file begins with a header, integers little-endian:
//
//	 0  magic, 8 bytes
//	 8  format, major and minor: 16 bits each
//	12  length of the header: 32 bits
//	16  length of the file: 64 bits
//	24  time of the build, seconds since 1970: 64 bits
//	32  SHA-256 of everything after the header
//	64  number of sections: 32 bits
//	68  for each section its kind and CRC-32C, 32 bits each, and its offset
//	    and length, 64 bits each
//	 …  CRC-32C of the header up to here: 32 bits
//
// A reader skips kinds of sections it does not know, and what follows the
// fields it knows in an advisory or an entry. What can be read that way raises
// the minor version; anything else raises the major one.
const (
	magic       = "bulkhdb\n"
	major       = 1
	minor       = 1
	headerFixed = 68
	sectionSize = 24
	maxSections = 64
)

// A sectionKind names a section; the numbers are in the file.
type sectionKind uint32

// The sections.
const (
	sectionMeta       sectionKind = iota + 1 // Info, as JSON
	sectionStrings                           // length and bytes of each text that others refer to by offset
	sectionAdvisories                        // length and body of each advisory
	sectionEntries                           // length and body of what advisories say of packages, by package
	sectionKeys                              // packages in order: ecosystem, name, offset and length of the entries
	sectionCVEs                              // CVE ids in order, with what is known about each
	sectionDays                              // CVE ids in order, with the day each was listed as exploited; since 1.1
)

const (
	keySize = 16
	cveSize = 16
	daySize = 12
)

// Limits of what is read from and written to a file.
const (
	maxText    = 4096
	maxMeta    = 16 << 20
	maxEntries = 1 << 20 // of one package
)

// ErrFormat is the error for a file that is no advisory database or is
// damaged.
var ErrFormat = errors.New("not an advisory database, or damaged")

func damaged(what string) error { return fmt.Errorf("%w: %s", ErrFormat, what) }

// castagnoli returns the table of CRC-32C; making it a second time is free.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// A section is a part of the file.
type section struct {
	kind           sectionKind
	crc            uint32
	offset, length uint64
}

// A header is the beginning of the file.
type header struct {
	major, minor uint16
	fileLength   uint64
	built        int64
	sum          [32]byte
	sections     []section
}

func headerLength(sections int) int { return headerFixed + sections*sectionSize + 4 }

// encode returns the header as it is in the file.
func (h *header) encode() []byte {
	le := binary.LittleEndian
	b := append([]byte(nil), magic...)
	b = le.AppendUint16(b, h.major)
	b = le.AppendUint16(b, h.minor)
	b = le.AppendUint32(b, uint32(headerLength(len(h.sections))))
	b = le.AppendUint64(b, h.fileLength)
	b = le.AppendUint64(b, uint64(h.built))
	b = append(b, h.sum[:]...)
	b = le.AppendUint32(b, uint32(len(h.sections)))
	for _, s := range h.sections {
		b = le.AppendUint32(b, uint32(s.kind))
		b = le.AppendUint32(b, s.crc)
		b = le.AppendUint64(b, s.offset)
		b = le.AppendUint64(b, s.length)
	}
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// decodeHeader reads the header of a file of the given bytes and checks that
// every section is inside the file.
func decodeHeader(file []byte) (*header, error) {
	le := binary.LittleEndian
	if len(file) < headerFixed || string(file[:len(magic)]) != magic {
		return nil, damaged("it begins otherwise")
	}
	h := &header{major: le.Uint16(file[8:]), minor: le.Uint16(file[10:])}
	if h.major != major {
		return nil, fmt.Errorf("%w: format %d, this program reads %d", ErrFormat, h.major, major)
	}
	length, n := uint64(le.Uint32(file[12:])), le.Uint32(file[64:])
	if n > maxSections || length != uint64(headerLength(int(n))) || length > uint64(len(file)) {
		return nil, damaged("header cut short")
	}
	if crc32.Checksum(file[:length-4], castagnoli()) != le.Uint32(file[length-4:]) {
		return nil, damaged("header checksum differs")
	}
	h.fileLength, h.built = le.Uint64(file[16:]), int64(le.Uint64(file[24:]))
	copy(h.sum[:], file[32:])
	if h.fileLength != uint64(len(file)) {
		return nil, damaged(fmt.Sprintf("%d bytes, should be %d", len(file), h.fileLength))
	}
	for b := file[headerFixed : length-4]; len(b) > 0; b = b[sectionSize:] {
		s := section{sectionKind(le.Uint32(b)), le.Uint32(b[4:]), le.Uint64(b[8:]), le.Uint64(b[16:])}
		if s.offset < length || s.offset > h.fileLength || s.length > h.fileLength-s.offset {
			return nil, damaged("section outside the file")
		}
		h.sections = append(h.sections, s)
	}
	return h, nil
}

// An encoder writes the parts of an advisory or an entry.
type encoder struct {
	b      []byte
	intern func(string) uint32
}

func (e *encoder) number(n uint64) { e.b = binary.AppendUvarint(e.b, n) }

func (e *encoder) inline(s string) {
	s = s[:min(len(s), maxText)]
	e.number(uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *encoder) ref(s string) { e.number(uint64(e.intern(s))) }

func (e *encoder) refs(list []string) {
	e.number(uint64(len(list)))
	for _, s := range list {
		e.ref(s)
	}
}

// A decoder reads what an encoder wrote. The first error stays; what is read
// after it is zero.
type decoder struct {
	b       []byte
	strings []byte
	err     error
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = damaged(what)
	}
	d.b = nil
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail("number cut short")
		return 0
	}
	d.b = d.b[size:]
	return n
}

// block reads a length and as many bytes.
func (d *decoder) block() []byte {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.fail("block cut short")
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

// count reads the number of elements that follow. Each takes a byte at least,
// so that a wrong number cannot ask for more memory than the file is long.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.fail("list cut short")
		return 0
	}
	return int(n)
}

func (d *decoder) ref() string { return d.text(d.number()) }

// text returns the text at an offset of the strings.
func (d *decoder) text(offset uint64) string { return string(d.raw(offset)) }

// raw is text without the copy.
func (d *decoder) raw(offset uint64) []byte {
	if offset > uint64(len(d.strings)) {
		d.fail("text outside its section")
		return nil
	}
	n, size := binary.Uvarint(d.strings[offset:])
	if size <= 0 || n > maxText || n > uint64(len(d.strings))-offset-uint64(size) {
		d.fail("text cut short")
		return nil
	}
	offset += uint64(size)
	return d.strings[offset : offset+n]
}

func (d *decoder) refs() []string {
	var list []string
	for range d.count() {
		list = append(list, d.ref())
	}
	return list
}

// An advisory is what a record says whatever the package.
type advisory struct {
	id        string
	withdrawn bool
	published int64
	summary   string
	aliases   []string
	upstream  []string // what a distribution's advisory is about
	vectors   []string // CVSS
	level     string   // one of levels, as the source words it
	score     float64  // where there is a score without a vector
}

const flagWithdrawn = 1

func (a *advisory) encode(e *encoder) {
	var flags uint64
	if a.withdrawn {
		flags |= flagWithdrawn
	}
	e.inline(a.id)
	e.number(flags)
	e.number(uint64(a.published))
	e.inline(a.summary)
	e.refs(a.aliases)
	e.refs(a.upstream)
	e.refs(a.vectors)
	e.number(levelNumber(a.level))
	e.number(uint64(math.Round(a.score * 10)))
}

func (a *advisory) decode(d *decoder) {
	a.id = string(d.block())
	a.withdrawn = d.number()&flagWithdrawn != 0
	a.published = int64(min(d.number(), math.MaxUint32))
	a.summary = string(d.block())
	a.aliases, a.upstream, a.vectors = d.refs(), d.refs(), d.refs()
	a.level = levelAt(d.number())
	a.score = float64(min(d.number(), 100)) / 10
}

// An entry is what an advisory says of one package.
type entry struct {
	ecosystem, name string // the key; not part of the body
	advisory        uint64 // offset in its section
	affected
	vectors []string // CVSS, as of this package
	urgency string   // one of levels: the distribution's word, which wins over scores
	wontFix bool     // the distribution says it will not be fixed
}

const flagWontFix = 1

func (n *entry) encode(e *encoder) {
	var flags uint64
	if n.wontFix {
		flags |= flagWontFix
	}
	e.number(n.advisory)
	e.number(flags)
	e.number(uint64(len(n.ranges)))
	for _, r := range n.ranges {
		e.number(uint64(len(r)))
		for _, v := range r {
			e.number(uint64(e.intern(v.version))<<2 | uint64(v.kind))
		}
	}
	e.refs(n.versions)
	e.refs(n.vectors)
	e.number(levelNumber(n.urgency))
}

func (n *entry) decode(d *decoder) {
	n.advisory = d.number()
	n.wontFix = d.number()&flagWontFix != 0
	for range d.count() {
		var r versionRange
		for range d.count() {
			v := d.number()
			r = append(r, event{eventKind(v & 3), d.text(v >> 2)})
		}
		n.ranges = append(n.ranges, r)
	}
	n.versions, n.vectors = d.refs(), d.refs()
	n.urgency = levelAt(d.number())
}

func levelNumber(level string) uint64 { return uint64(max(slices.Index(levels, level), 0)) }

func levelAt(n uint64) string {
	if n >= uint64(len(levels)) {
		return ""
	}
	return levels[n]
}
