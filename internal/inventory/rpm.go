package inventory

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// Bounds of an RPM database.
const (
	maxRPMHeader   = 32 << 20
	maxRPMPackages = 100_000
)

// readRPM reads an RPM database of any of its three formats, each of which
// keeps the packages' headers as they are in package files.
func readRPM(f *file) Evidence {
	at, err := f.content.ReaderAt()
	if err != nil {
		return failed(err)
	}
	magic := make([]byte, 16)
	if n, err := at.ReadAt(magic, 0); n < len(magic) {
		if f.content.Size == 0 {
			return Evidence{} // a database that a newer one replaced
		}
		return failed(err)
	}
	var out Evidence
	add := func(header []byte) error {
		i, o, err := rpmPackage(header)
		if err != nil {
			return err
		}
		if i != nil {
			out.packages = append(out.packages, i)
			out.digests, o.digests = append(out.digests, o.digests...), nil
			out.owned = append(out.owned, o)
		}
		if len(out.packages) > maxRPMPackages {
			return errors.New("it has too many packages")
		}
		return nil
	}
	switch {
	case string(magic) == sqliteMagic:
		err = readSQLite(at, f.content.Size, "Packages", add)
	case string(magic[:4]) == ndbMagic:
		err = readNDB(at, f.content.Size, add)
	default:
		err = readBDB(at, f.content.Size, add)
	}
	out.err = err
	return out
}

// readRPMLog notes changes that are not in the database.
func readRPMLog(f *file) Evidence {
	if f.content.Size == 0 {
		return Evidence{}
	}
	return failed(errors.New("it holds changes that are not in the database yet: packages may be missing"))
}

// Tags of an RPM header: rpm, include/rpm/rpmtag.h.
const (
	rpmName       = 1000
	rpmVersion    = 1001
	rpmRelease    = 1002
	rpmEpoch      = 1003
	rpmLicense    = 1014
	rpmArch       = 1022
	rpmSource     = 1044
	rpmDirIndexes = 1116
	rpmBaseNames  = 1117
	rpmDirNames   = 1118
	rpmDigests    = 1035
)

// An rpmHeader is a header: its index, and its data. rpm, docs/manual/format_header.md.
type rpmHeader struct {
	data []byte
	at   map[uint32]rpmEntry
}

// An rpmEntry says where in the data a tag is.
type rpmEntry struct{ kind, offset, count uint32 }

func parseRPMHeader(blob []byte) (*rpmHeader, error) {
	if len(blob) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	entries, size := binary.BigEndian.Uint32(blob), binary.BigEndian.Uint32(blob[4:])
	if uint64(entries)*16+uint64(size)+8 > uint64(len(blob)) {
		return nil, errors.New("the header of a package is longer than the space it has")
	}
	h := &rpmHeader{data: blob[8+entries*16:][:size], at: map[uint32]rpmEntry{}}
	for i := range entries {
		e := blob[8+i*16:]
		tag := binary.BigEndian.Uint32(e)
		h.at[tag] = rpmEntry{binary.BigEndian.Uint32(e[4:]), binary.BigEndian.Uint32(e[8:]), binary.BigEndian.Uint32(e[12:])}
	}
	return h, nil
}

// strings returns the strings of a tag, nil where it has none.
func (h *rpmHeader) strings(tag uint32) []string {
	e, ok := h.at[tag]
	const text, array, translated = 6, 8, 9
	if !ok || e.kind != text && e.kind != array && e.kind != translated || uint64(e.offset) > uint64(len(h.data)) {
		return nil
	}
	rest := h.data[e.offset:]
	var out []string
	for range e.count {
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			break
		}
		out = append(out, string(rest[:end]))
		rest = rest[end+1:]
	}
	return out
}

func (h *rpmHeader) string(tag uint32) string {
	if all := h.strings(tag); len(all) > 0 {
		return clip(all[0])
	}
	return ""
}

// numbers returns the 32-bit numbers of a tag.
func (h *rpmHeader) numbers(tag uint32) []uint32 {
	e, ok := h.at[tag]
	const int32s = 4
	if !ok || e.kind != int32s || uint64(e.offset)+4*uint64(e.count) > uint64(len(h.data)) {
		return nil
	}
	out := make([]uint32, e.count)
	for i := range out {
		out[i] = binary.BigEndian.Uint32(h.data[int(e.offset)+4*i:])
	}
	return out
}

// rpmPackage returns the package of a header and its files, nil for a key: rpm
// keeps those as packages too.
func rpmPackage(blob []byte) (*item, owned, error) {
	h, err := parseRPMHeader(blob)
	if err != nil {
		return nil, owned{}, err
	}
	i := &item{Package: &model.Package{Name: h.string(rpmName), License: h.string(rpmLicense)}, kind: "rpm", arch: h.string(rpmArch)}
	if i.Name == "" || i.Name == "gpg-pubkey" {
		return nil, owned{}, nil
	}
	i.Version = h.string(rpmVersion) + "-" + h.string(rpmRelease)
	if epoch := h.numbers(rpmEpoch); len(epoch) > 0 && epoch[0] > 0 {
		i.epoch = strconv.FormatUint(uint64(epoch[0]), 10)
		i.Version = i.epoch + ":" + i.Version
	}
	i.Source, i.SourceVersion = rpmSourceOf(h.string(rpmSource))
	if i.Source != "" && i.epoch != "" {
		i.SourceVersion = i.epoch + ":" + i.SourceVersion
	}
	o := owned{owner: i.Name}
	dirs, indexes := h.strings(rpmDirNames), h.numbers(rpmDirIndexes)
	digests := h.strings(rpmDigests)
	for n, base := range h.strings(rpmBaseNames) {
		if n >= len(indexes) || uint64(indexes[n]) >= uint64(len(dirs)) {
			continue
		}
		name := []byte(dirs[indexes[n]] + base)
		o.add(name)
		if n < len(digests) {
			o.digests.Add(name, hexDigest(digests[n]))
		}
	}
	return i, o, nil
}

// rpmSourceOf splits "bash-5.1.8-6.el9.src.rpm".
func rpmSourceOf(name string) (source, version string) {
	name, ok := strings.CutSuffix(name, ".src.rpm")
	if !ok {
		return "", ""
	}
	release := strings.LastIndexByte(name, '-')
	if release < 1 {
		return name, ""
	}
	start := strings.LastIndexByte(name[:release], '-')
	if start < 1 {
		return name, ""
	}
	return name[:start], name[start+1:]
}

// readPart reads size bytes at an offset of a database.
func readPart(at io.ReaderAt, offset int64, size int) ([]byte, error) {
	if size < 0 || size > maxRPMHeader || offset < 0 {
		return nil, fmt.Errorf("a package has %d bytes", size)
	}
	part := make([]byte, size)
	if n, err := at.ReadAt(part, offset); n < size {
		return nil, err
	}
	return part, nil
}
