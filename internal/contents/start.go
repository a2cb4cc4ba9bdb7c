package contents

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io/fs"
	"path"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// headSize is how much of a program is looked at for its interpreter. Linkers
// put it right after the program headers or at the end of the first page.
const headSize = 4 << 10

// interpreter returns what the kernel starts to run a program, and whether the
// program is a script. It is "" where that is the program itself, and where it
// is not in the first page.
func interpreter(c *oci.Content) (name string, script bool) {
	head := c.Head(headSize)
	if bytes.HasPrefix(head, []byte("#!")) {
		return shebang(head), true
	}
	return loader(head), false
}

// shebang returns the interpreter of a script. The kernel reads 256 bytes:
// binfmt_script.c.
func shebang(head []byte) string {
	line, _, ended := bytes.Cut(head[2:min(len(head), 256)], []byte("\n"))
	fields := bytes.Fields(line)
	if !ended && len(head) >= 256 || len(fields) == 0 {
		return ""
	}
	return string(fields[0])
}

// loader returns the interpreter of an ELF program.
func loader(head []byte) string {
	if len(head) < 64 || !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return ""
	}
	var order binary.ByteOrder = binary.LittleEndian
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		order = binary.BigEndian
	}
	if elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS32 {
		return loader32(head, order)
	}
	return loader64(head, order)
}

// loader64 reads the program headers of a 64-bit program: elf(5).
func loader64(head []byte, order binary.ByteOrder) string {
	at, size, count := order.Uint64(head[32:]), uint64(order.Uint16(head[54:])), int(order.Uint16(head[56:]))
	for range min(count, 64) {
		if at > uint64(len(head)) || uint64(len(head))-at < 56 || size < 56 {
			return ""
		}
		p := head[at:]
		if elf.ProgType(order.Uint32(p)) == elf.PT_INTERP {
			return text(head, order.Uint64(p[8:]), order.Uint64(p[32:]))
		}
		at += size
	}
	return ""
}

// loader32 is the same for 32 bits.
func loader32(head []byte, order binary.ByteOrder) string {
	at, size, count := uint64(order.Uint32(head[28:])), uint64(order.Uint16(head[42:])), int(order.Uint16(head[44:]))
	for range min(count, 64) {
		if at > uint64(len(head)) || uint64(len(head))-at < 32 || size < 32 {
			return ""
		}
		p := head[at:]
		if elf.ProgType(order.Uint32(p)) == elf.PT_INTERP {
			return text(head, uint64(order.Uint32(p[4:])), uint64(order.Uint32(p[16:])))
		}
		at += size
	}
	return ""
}

// text returns the text of size bytes at from in head, or "" where it is not
// all there.
func text(head []byte, from, size uint64) string {
	if from > uint64(len(head)) || size > uint64(len(head))-from {
		return ""
	}
	s, _, _ := strings.Cut(string(head[from:from+size]), "\x00")
	return s
}

// A tree answers where a path of the image leads.
type tree struct {
	w       *oci.Walk[found]
	crowded bool                         // not all that tells something was kept
	links   map[string]string            // symbolic links
	files   map[string]*oci.Found[found] // regular files, by name
}

// Bounds of what is followed. The first is the kernel's, in bytes: limits.h,
// PATH_MAX. Nobody comes near the others.
const (
	maxPath  = 4096
	maxParts = 256  // on the way to a file, through all links
	maxDirs  = 1000 // that are searched for a program
)

func treeOf(w *oci.Walk[found]) *tree {
	t := &tree{w: w, links: map[string]string{}, files: map[string]*oci.Found[found]{}}
	for i := range w.Found {
		f := &w.Found[i]
		t.crowded = t.crowded || f.Value.crowded
		switch {
		case f.Entry.Hidden:
		case f.Entry.Mode&fs.ModeSymlink != 0:
			t.links[f.Entry.Name] = f.Entry.Target
		case f.Entry.Mode.IsRegular() && t.files[f.Entry.Name] == nil:
			t.files[f.Entry.Name] = f
		}
	}
	return t
}

// start tells what config runs, or nil where that is not a file of the image
// that can be told.
func start(w *oci.Walk[found], config *model.ImageConfig) *model.Start {
	if config == nil || config.OS != "" && config.OS != "linux" {
		return nil
	}
	t := treeOf(w)
	name := t.program(config)
	if name == "" {
		return nil
	}
	out := &model.Start{Program: name}
	f, there := t.find(name)
	out.Missing = !there
	if f == nil {
		return out
	}
	out.File = fileOf(f.Entry)
	out.Code = t.code(config)
	folder := path.Dir(f.Entry.Name)
	for _, d := range w.Found {
		if d.Entry.Name == folder && d.Entry.Mode.IsDir() && !d.Entry.Hidden {
			out.Folder = fileOf(d.Entry)
		}
	}
	if in := f.Value.interpreter; path.IsAbs(in) && !virtual(in) {
		out.Interpreter, out.Script = clean(in), f.Value.script
		_, there := t.find(in)
		out.NoInterpreter = !there
	}
	return out
}

// program returns the path of the program that config runs, or "" where that
// cannot be told.
func (t *tree) program(config *model.ImageConfig) string {
	argv := config.Entrypoint
	if len(argv.Value.Args) == 0 {
		argv = config.Command
	}
	if !argv.Known() || len(argv.Value.Args) == 0 {
		return ""
	}
	name := argv.Value.Args[0]
	if argv.Value.Shell {
		name = "/bin/sh"
	}
	switch {
	case name == "" || virtual(name) || len(name)+len(config.WorkingDir.Value) > maxPath:
		return ""
	case strings.Contains(name, "/"):
		if !path.IsAbs(name) {
			name = "/" + config.WorkingDir.Value + "/" + name
		}
		return path.Clean(name)
	}
	search := "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, v := range config.Env {
		if v.Name == "PATH" {
			search = v.Value.Value
		}
	}
	if strings.Count(search, ":") >= maxDirs {
		return ""
	}
	for dir := range strings.SplitSeq(search, ":") {
		if _, ok := t.find(path.Join("/", dir, name)); ok {
			return path.Join("/", dir, name)
		}
	}
	return ""
}

// virtual reports whether the kernel makes the file up when a container runs.
func virtual(name string) bool {
	return strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/dev/") || strings.HasPrefix(name, "/sys/")
}

// find returns the file that name leads to, and whether there is one. One that
// is a hard link to another name, or not executable, is there without being
// returned.
func (t *tree) find(name string) (*oci.Found[found], bool) {
	name, ok := t.follow(name)
	if !ok {
		return nil, true // a circle, or deeper than anybody goes: not for us to judge
	}
	if f := t.files[name]; f != nil {
		return f, true
	}
	return nil, t.crowded || t.w.Has(name)
}

// follow follows the symbolic links on the way to name, as often as the kernel
// does.
func (t *tree) follow(name string) (string, bool) {
	const maxHops = 40
	if len(name) > maxPath {
		return "", false
	}
	at, hops := "", 0
	rest := strings.Split(name, "/")
	for parts := 0; len(rest) > 0; parts++ {
		if parts == maxParts {
			return "", false
		}
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = strings.TrimPrefix(path.Dir("/"+at), "/")
			continue
		}
		next := path.Join(at, part)
		target, ok := t.links[next]
		if !ok {
			at = next
			continue
		}
		if hops++; hops > maxHops || len(target) > maxPath {
			return "", false
		}
		if path.IsAbs(target) {
			at = ""
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return at, true
}
