package sensor

import (
	"bytes"
	"encoding/binary"
	"path"
	"slices"
	"strings"
)

// The kinds of events of the kernel, and the tags of the records that follow
// one; as in bpf/sensor.c.
const (
	kindSyscall = iota + 1
	kindExec
	kindFork
	kindExit
	kindMkdir
)

const (
	tagBase = 8
	tagArgv = 16 + iota - 1
	tagExe
	tagCwd
	tagAddress
	tagHow
	tagDescriptor
	tagGroupPath
	tagDescriptorPath
)

// Flags of an event.
const (
	flagUpper = 1 << iota
	flagMemfd
	flagTTY
)

// A header is the fixed part of an event, as in bpf/sensor.c.
type header struct {
	Time, Cgroup, Start, Effective, Permitted uint64
	Ret                                       int64
	Args                                      [6]uint64
	Kind                                      uint32
	Nr                                        int32
	PID, TID, PPID, VPID, SID, TTY            uint32
	UID, GID, EUID, LoginUID, Flags, Size     uint32
	Comm                                      [16]byte
}

const headerSize = 168

// A raw is an event as the kernel wrote it.
type raw struct {
	header
	texts      [6]string   // arguments that are texts, without their zero
	bases      [6][]string // the folder a relative path starts in, from the last name up
	hasBase    [6]bool
	argv       []string
	exe, cwd   string
	address    []byte
	how        uint64
	descriptor []byte
	fdPath     string
	groupPath  string
}

// decode reads an event; ok is false where it is none.
func decode(data []byte) (r raw, ok bool) {
	if len(data) < headerSize {
		return r, false
	}
	if _, err := binary.Decode(data, binary.LittleEndian, &r.header); err != nil {
		return r, false
	}
	rest := data[headerSize:]
	if uint64(r.Size) > uint64(len(rest)) {
		return r, false
	}
	paths := map[uint8][]string{}
	for rest = rest[:r.Size]; len(rest) >= 3; {
		tag, n := rest[0], int(binary.LittleEndian.Uint16(rest[1:]))
		if n > len(rest)-3 {
			return r, false
		}
		r.record(tag, rest[3:3+n], paths)
		rest = rest[3+n:]
	}
	r.exe, r.cwd, r.fdPath = folder(paths[tagExe]), folder(paths[tagCwd]), folder(paths[tagDescriptorPath])
	return r, len(rest) == 0
}

// record takes one record. Those of a path come name by name, the last first.
func (r *raw) record(tag uint8, data []byte, paths map[uint8][]string) {
	switch {
	case tag < 6:
		r.texts[tag] = cText(data)
	case tag >= tagBase && tag < tagBase+6:
		r.hasBase[tag-tagBase] = true
		if len(data) > 0 {
			r.bases[tag-tagBase] = append(r.bases[tag-tagBase], cText(data))
		}
	case tag == tagArgv:
		r.argv = strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	case tag == tagExe || tag == tagCwd || tag == tagDescriptorPath:
		paths[tag] = append(paths[tag], cText(data))
	case tag == tagAddress:
		r.address = slices.Clone(data)
	case tag == tagHow && len(data) == 8:
		r.how = binary.LittleEndian.Uint64(data)
	case tag == tagDescriptor:
		r.descriptor = slices.Clone(data)
	case tag == tagGroupPath:
		r.groupPath = cText(data)
	}
}

func cText(data []byte) string {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		data = data[:i]
	}
	return string(data)
}

// folder joins the names of a path, given from the last; "" for none.
func folder(names []string) string {
	if names == nil {
		return ""
	}
	var b strings.Builder
	for _, n := range slices.Backward(names) {
		if n != "" {
			b.WriteString("/" + n)
		}
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

// path returns argument i as an absolute path, links not followed, or as it is
// where it cannot be made absolute.
func (r *raw) path(i int) string {
	text := r.texts[i]
	if strings.HasPrefix(text, "/") {
		return path.Clean(text)
	}
	if text == "" || !r.hasBase[i] {
		return text
	}
	return path.Join(folder(append([]string{""}, r.bases[i]...)), text)
}
