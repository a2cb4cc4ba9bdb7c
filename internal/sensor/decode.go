package sensor

import (
	"encoding/binary"
	"path"
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
	kindRmdir
	kindFound // a process that ran before the sensor
)

// Records of arguments have the argument's index as their tag.
const (
	tagBase = 8 // and the argument's index: the folder that a relative path starts in
	tagArgv = 16 + iota - 1
	tagExe
	tagCwd
	tagAddress
	tagHow
	tagDescriptor
	tagGroupPath
	tagDescriptorPath
	tagFilename
	tagEnv
	tagProgram
	tagData
	tagCount
)

// Flags of an event.
const (
	flagUpper = 1 << iota
	flagMemfd
	flagTTY
	flagLower
)

// A header is the fixed part of an event, as in bpf/sensor.c.
type header struct {
	Time, Cgroup, Start, Effective, Permitted, Inheritable uint64
	Ret                                                    int64
	Args                                                   [6]uint64
	Kind                                                   uint32
	Nr                                                     int32
	PID, TID, PPID, VPID, SID, TTY                         uint32
	UID, GID, EUID, LoginUID, Flags, Size                  uint32
	VPGID, PGID                                            uint32
	Comm                                                   [16]byte
}

const headerSize = 184

// A span is where the records of a tag are; a path has one for each name.
type span struct{ from, to uint32 }

// An arena makes texts of bytes, many in one piece of memory.
type arena struct{ piece strings.Builder }

func (a *arena) text(data []byte) string {
	const size = 64 << 10
	if a.piece.Cap()-a.piece.Len() < len(data) {
		a.piece = strings.Builder{}
		a.piece.Grow(max(size, len(data)))
	}
	from := a.piece.Len()
	a.piece.Write(data)
	return a.piece.String()[from:]
}

// A raw is an event as the kernel wrote it. Texts are parts of records, which
// is a copy of what the kernel wrote.
type raw struct {
	header
	records string
	spans   [tagCount]span
}

// decode reads an event into r and returns how long it is, or 0 where it is none.
func (r *raw) decode(data []byte, in *arena) int {
	if len(data) < headerSize {
		return 0
	}
	r.read(data)
	if uint64(r.Size) > uint64(len(data)-headerSize) {
		return 0
	}
	end := headerSize + int(r.Size)
	r.records = in.text(data[headerSize:end])
	clear(r.spans[:])
	at := 0
	for at+3 <= len(r.records) {
		tag, n := r.records[at], int(r.records[at+1])|int(r.records[at+2])<<8
		next := at + 3 + n
		if next > len(r.records) {
			return 0
		}
		if tag < tagCount {
			s := &r.spans[tag]
			if s.to == 0 {
				s.from = uint32(at)
			}
			s.to = uint32(next)
		}
		at = next
	}
	if at != len(r.records) {
		return 0
	}
	return end
}

func (h *header) read(b []byte) {
	u64, u32 := binary.LittleEndian.Uint64, binary.LittleEndian.Uint32
	_ = b[headerSize-1]
	h.Time, h.Cgroup, h.Start = u64(b), u64(b[8:]), u64(b[16:])
	h.Effective, h.Permitted, h.Inheritable = u64(b[24:]), u64(b[32:]), u64(b[40:])
	h.Ret = int64(u64(b[48:]))
	for i := range h.Args {
		h.Args[i] = u64(b[56+8*i:])
	}
	h.Kind, h.Nr = u32(b[104:]), int32(u32(b[108:]))
	h.PID, h.TID, h.PPID, h.VPID, h.SID, h.TTY = u32(b[112:]), u32(b[116:]), u32(b[120:]), u32(b[124:]), u32(b[128:]), u32(b[132:])
	h.UID, h.GID, h.EUID, h.LoginUID, h.Flags, h.Size = u32(b[136:]), u32(b[140:]), u32(b[144:]), u32(b[148:]), u32(b[152:]), u32(b[156:])
	h.VPGID, h.PGID = u32(b[160:]), u32(b[164:])
	h.Comm = [16]byte(b[168:184])
}

// comm returns the name of the thread without its zeros.
func (h *header) comm() []byte {
	for i, c := range h.Comm {
		if c == 0 {
			return h.Comm[:i]
		}
	}
	return h.Comm[:]
}

func (r *raw) has(tag int) bool { return r.spans[tag].to != 0 }

// record returns the only record of a tag, "" for none.
func (r *raw) record(tag int) string {
	s := r.spans[tag]
	if s.to == 0 {
		return ""
	}
	return r.records[s.from+3 : s.to]
}

// text returns a record up to its zero.
func (r *raw) text(tag int) string { return cText(r.record(tag)) }

func cText(s string) string {
	text, _, _ := strings.Cut(s, "\x00")
	return text
}

// list returns the texts of a record that a zero follows each.
func (r *raw) list(tag int) []string {
	if !r.has(tag) {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.Clone(r.record(tag)), "\x00"), "\x00")
}

// folder joins the names of a path, which come from the last; "" for none.
func (r *raw) folder(tag int) string { return r.joined(tag, "") }

// joined is folder with an end that the root folder has already.
func (r *raw) joined(tag int, end string) string {
	s := r.spans[tag]
	if s.to == 0 {
		return ""
	}
	size := 0
	for name := range r.names(s) {
		size += 1 + len(name)
	}
	if size == 0 {
		return "/"
	}
	joined := make([]byte, size+len(end))
	copy(joined[size:], end)
	for name := range r.names(s) {
		size -= len(name)
		copy(joined[size:], name)
		size--
		joined[size] = '/'
	}
	return string(joined)
}

// names yields the names of a path that are not empty, the last first.
func (r *raw) names(s span) func(func(string) bool) {
	return func(yield func(string) bool) {
		for at := s.from; at < s.to; {
			next := at + 3 + (uint32(r.records[at+1]) | uint32(r.records[at+2])<<8)
			if name := cText(r.records[at+3 : next]); name != "" && !yield(name) {
				return
			}
			at = next
		}
	}
}

// path returns argument i as an absolute path, links not followed, or as it is
// where it cannot be made absolute.
func (r *raw) path(i int) string { return r.absolute(r.text(i), i) }

// clean reports whether an absolute path is certainly as path.Clean makes it.
func clean(text string) bool {
	for i := 1; i < len(text); i++ {
		if text[i-1] == '/' && (text[i] == '/' || text[i] == '.') {
			return false
		}
	}
	return text[len(text)-1] != '/' || len(text) == 1
}

// absolute is path of a text that was argument i.
func (r *raw) absolute(text string, i int) string {
	if strings.HasPrefix(text, "/") {
		if !clean(text) {
			return path.Clean(text)
		}
		return text
	}
	if text == "" || !r.has(tagBase+i) {
		return text
	}
	return path.Join(r.folder(tagBase+i), text)
}
