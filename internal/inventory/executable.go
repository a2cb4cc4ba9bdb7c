package inventory

import (
	"bytes"
	"debug/buildinfo"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"path"
	"runtime/debug"
	"strings"

	"github.com/klauspost/compress/zlib"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// minExecutable is the size below which nothing that says what it is made of
// can be. An empty Go program has a megabyte.
const minExecutable = 4 << 10

// readExecutable reads what a program says of itself: the modules a Go program
// is built from, the crates of one built with cargo auditable, or the version
// of one that is known by name.
func readExecutable(f *file) Evidence {
	if f.content.Size < minExecutable {
		return Evidence{}
	}
	at, err := f.content.ReaderAt()
	if errors.Is(err, oci.ErrNoRandomAccess) {
		return streamedExecutable(f)
	}
	if err != nil {
		return failed(err)
	}
	magic := make([]byte, 4)
	if n, _ := at.ReadAt(magic, 0); n < len(magic) {
		return Evidence{}
	}
	sections := sections{goInfo: true} // PE and Mach-O are looked at by the standard library
	switch {
	case string(magic) == "\x7fELF":
		sections = elfSections(at)
	case string(magic[:2]) != "MZ" && binary.LittleEndian.Uint32(magic) != 0xfeedfacf:
		return Evidence{}
	}
	var out Evidence
	if sections.goInfo {
		if info, err := buildinfo.Read(at); err == nil {
			out.packages = goPackages(info)
		}
	}
	if sections.crates.size > 0 {
		out.packages = append(out.packages, crates(at, sections.crates)...)
	}
	if known := builtName(path.Base(f.name)); known != nil && len(out.packages) == 0 {
		return known.find(io.NewSectionReader(at, 0, f.content.Size))
	}
	return out
}

// Sections are the sections of an ELF file that say what is in it.
type sections struct {
	goInfo bool
	crates part
}

// A part is a part of a file.
type part struct{ offset, size int64 }

// Bounds of an ELF file's tables.
const (
	maxSections = 4096
	maxNames    = 1 << 20
)

// elfSections looks for sections by name. debug/elf would read and check much
// more of each of thousands of files that have none of them.
func elfSections(at io.ReaderAt) sections {
	head := make([]byte, 64)
	if n, _ := at.ReadAt(head, 0); n < len(head) {
		return sections{}
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[5] == 2 {
		order = binary.BigEndian
	}
	table, size, count, names := int64(order.Uint64(head[0x28:])), 64, int(order.Uint16(head[0x3c:])), int(order.Uint16(head[0x3e:]))
	if head[4] == 1 { // 32 bits
		table, size, count, names = int64(order.Uint32(head[0x20:])), 40, int(order.Uint16(head[0x30:])), int(order.Uint16(head[0x32:]))
	}
	if count == 0 { // stripped of its sections
		return sections{goInfo: true}
	}
	if table <= 0 || count > maxSections || names >= count {
		return sections{}
	}
	headers := make([]byte, size*count)
	if n, _ := at.ReadAt(headers, table); n < len(headers) {
		return sections{}
	}
	where := func(i int) part {
		h := headers[i*size:]
		if size == 40 {
			return part{int64(order.Uint32(h[16:])), int64(order.Uint32(h[20:]))}
		}
		return part{int64(order.Uint64(h[24:])), int64(order.Uint64(h[32:]))}
	}
	p := where(names)
	if p.size <= 0 || p.size > maxNames {
		return sections{}
	}
	text := make([]byte, p.size)
	if n, _ := at.ReadAt(text, p.offset); n < len(text) {
		return sections{}
	}
	var out sections
	for i := range count {
		start := order.Uint32(headers[i*size:])
		if uint64(start) >= uint64(len(text)) {
			continue
		}
		name, _, _ := bytes.Cut(text[start:], []byte{0})
		switch string(name) {
		case ".go.buildinfo":
			out.goInfo = true
		case ".dep-v0":
			out.crates = where(i)
		}
	}
	return out
}

// goPackages returns the modules of a Go program, with the standard library as
// the module OSV calls stdlib.
func goPackages(info *debug.BuildInfo) []*item {
	var out []*item
	if v, ok := strings.CutPrefix(info.GoVersion, "go"); ok {
		v, _, _ = strings.Cut(v, " ") // "go1.22.1 X:boringcrypto"
		out = append(out, language("Go", "stdlib", v))
	}
	if info.Main.Path != "" {
		out = append(out, goModule(&info.Main))
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		out = append(out, goModule(m))
	}
	return out
}

// goModule returns a module. One built from a work tree has no version that
// could be compared with anything, and neither has one replaced by a folder.
func goModule(m *debug.Module) *item {
	version := m.Version
	if version == "(devel)" {
		version = ""
	}
	return language("Go", m.Path, version)
}

// maxCrates bounds the list of crates in a program.
const maxCrates = 8 << 20

// crates returns the crates of a program built with cargo auditable:
// rust-secure-code/cargo-auditable, PARSING.md.
func crates(at io.ReaderAt, p part) []*item {
	z, err := zlib.NewReader(io.NewSectionReader(at, p.offset, min(p.size, maxCrates)))
	if err != nil {
		return nil
	}
	defer func() { _ = z.Close() }()
	var list struct {
		Packages []struct {
			Name, Version, Source, Kind string
			Root                        bool
		}
	}
	if err := json.NewDecoder(io.LimitReader(z, maxCrates)).Decode(&list); err != nil {
		return nil
	}
	var out []*item
	for _, p := range list.Packages {
		if p.Kind == "build" || p.Source == "local" && !p.Root {
			continue
		}
		i := language("crates.io", p.Name, p.Version)
		if p.Source == "local" { // its name may be another's on crates.io
			i.Ecosystem = ""
		}
		out = append(out, i)
	}
	return out
}

// streamedExecutable reads the modules of a Go program that is too large to be
// kept, in order: what it says of itself begins its first writable segment.
func streamedExecutable(f *file) Evidence {
	head := make([]byte, 4096)
	n, err := io.ReadFull(f.content, head)
	if err != nil {
		return failed(err)
	}
	if string(head[:4]) != "\x7fELF" {
		return Evidence{}
	}
	if known := builtName(path.Base(f.name)); known != nil {
		return known.find(io.MultiReader(bytes.NewReader(head), f.content))
	}
	start := writable(head[:n])
	if start < int64(n) {
		return Evidence{}
	}
	if _, err := io.CopyN(io.Discard, f.content, start-int64(n)); err != nil {
		return failed(err)
	}
	data := make([]byte, min(8<<20, f.content.Size-start))
	n, err = io.ReadFull(f.content, data)
	if err != nil {
		return failed(err)
	}
	info, err := inlineInfo(data[:n])
	if err != nil {
		return Evidence{}
	}
	return Evidence{packages: goPackages(info)}
}

// writable returns the offset of the first writable segment of a 64-bit
// little-endian ELF file, or 0.
func writable(head []byte) int64 {
	if head[4] != 2 || head[5] != 1 {
		return 0
	}
	table, count := binary.LittleEndian.Uint64(head[0x20:]), int(binary.LittleEndian.Uint16(head[0x38:]))
	const size, load, write = 56, 1, 2
	for i := range count {
		at := table + uint64(i*size)
		if at > uint64(len(head)-size) {
			return 0
		}
		h := head[at:]
		if binary.LittleEndian.Uint32(h) == load && binary.LittleEndian.Uint32(h[4:])&write != 0 {
			return int64(binary.LittleEndian.Uint64(h[8:]))
		}
	}
	return 0
}

// inlineInfo reads the build information of Go 1.18 and later: debug/buildinfo,
// "buildInfoHeader".
func inlineInfo(data []byte) (*debug.BuildInfo, error) {
	i := bytes.Index(data, []byte("\xff Go buildinf:"))
	const header, inline = 32, 2
	if i < 0 || len(data) < i+header || data[i+15]&inline == 0 {
		return nil, errors.New("no build information")
	}
	data = data[i+header:]
	version, data := inlineString(data)
	modules, _ := inlineString(data)
	if len(modules) >= 33 && modules[len(modules)-17] == '\n' {
		modules = modules[16 : len(modules)-16] // between two marks
	} else {
		modules = ""
	}
	info, err := debug.ParseBuildInfo(modules)
	if err != nil {
		return nil, err
	}
	info.GoVersion = version
	return info, nil
}

func inlineString(data []byte) (string, []byte) {
	length, n := binary.Uvarint(data)
	if n <= 0 || length > uint64(len(data)-n) {
		return "", nil
	}
	return string(data[n:][:length]), data[n:][length:]
}

// built returns evidence of a program that was built from source.
func built(name, version string) Evidence {
	return one(&item{Package: &model.Package{
		Name: name, Version: version,
		PURL: purl{kind: "generic", name: name, version: version}.String(),
	}})
}
