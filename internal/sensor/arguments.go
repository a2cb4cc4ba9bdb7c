package sensor

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// argument returns the index of the argument called name, or -1.
func (c *call) argument(name string) int {
	if c != nil && name != "" {
		for i, n := range c.names {
			if n == name {
				return i
			}
		}
	}
	return -1
}

// how returns a number of struct open_how.
func (e *Event) how(at int) uint64 {
	h := e.record(tagHow)
	if len(h) < at+8 {
		return 0
	}
	return binary.LittleEndian.Uint64([]byte(h[at : at+8]))
}

// arg returns an argument as rules compare it.
func (e *Event) arg(name string) (string, bool) {
	switch {
	case name == "res":
		return result(e.Ret), true
	case e.call == nil:
		return e.execArg(name)
	case e.opens() && name == "flags":
		return e.names.opening(e.openFlags()), true
	case e.opens() && name == "mode":
		return bitsText(e.openMode()&0o7777, modeBits), true
	case name == "data" && e.has(tagData):
		return e.record(tagData), true
	case name == "tuple":
		return e.file().text(), e.file().connection()
	}
	i := e.call.argument(name)
	if i < 0 {
		return "", false
	}
	switch e.call.reads[i] {
	case argText:
		return e.text(i), true
	case argPath, argPathAt:
		return e.path(i), true
	}
	return e.numeric(name, e.Args[i]), true
}

// numeric returns an argument that is a number, or what the number stands for.
func (e *Event) numeric(name string, n uint64) string {
	switch {
	case name == "mode":
		return bitsText(n&0o7777, modeBits)
	case name == "flags" && e.name == "unshare", name == "nstype":
		return bitsText(n, cloneFlags)
	case name == "flags" && e.name == "memfd_create":
		return bitsText(n, memfdFlags)
	case name == "flags" && (e.name == "mount" || e.name == "umount2"):
		return "0x" + strconv.FormatUint(n, 16)
	case name == "prot":
		return bitsText(n, protections)
	case name == "domain":
		return numberText(n, domains)
	case name == "request":
		return numberText(n, ptraceRequests)
	case name == "cmd" && e.name == "bpf":
		return numberText(n, bpfCommands)
	case e.call.users && (name == "uid" || name == "euid" || name == "ruid" || name == "suid"):
		if user := e.names.user(uint32(n), e); user != unknownName {
			return user
		}
	case name == "addr":
		return "0x" + strconv.FormatUint(n, 16)
	}
	return strconv.FormatInt(int64(int32(n)), 10)
}

// execArg returns an argument of a program that was started.
func (e *Event) execArg(name string) (string, bool) {
	p := e.proc
	switch name {
	case "filename":
		return e.text(tagFilename), true
	case "exe":
		return argv0(p), true
	case "args":
		return p.args(), true
	case "comm":
		return p.comm, true
	case "cwd":
		return p.cwd, true
	case "env":
		return strings.Join(p.environment(), " "), p.env != ""
	case "trusted_exepath":
		return p.exe, true
	case "pid", "tid":
		return strconv.FormatUint(uint64(e.PID), 10), true
	case "ptid":
		return strconv.FormatUint(uint64(e.PPID), 10), true
	case "uid":
		return strconv.FormatUint(uint64(e.UID), 10), true
	case "pgid":
		return strconv.FormatUint(uint64(e.PGID), 10), true
	case "flags":
		return e.execFlags(), true
	}
	return "", false
}

// execFlags says what is odd about the file of the program.
func (e *Event) execFlags() string {
	var set []string
	for _, f := range []struct {
		name string
		on   bool
	}{
		{"EXE_WRITABLE", e.proc.writable(e)},
		{"EXE_UPPER_LAYER", e.proc.flags&flagUpper != 0},
		{"EXE_FROM_MEMFD", e.proc.memfd()},
		{"EXE_LOWER_LAYER", e.proc.flags&flagLower != 0},
	} {
		if f.on {
			set = append(set, f.name)
		}
	}
	if set == nil {
		return "0"
	}
	return strings.Join(set, "|")
}

// args returns all arguments on one line.
func (e *Event) args() string {
	var out strings.Builder
	out.WriteString("res=" + result(e.Ret))
	names := []string{"exe", "args", "cwd", "filename", "flags"}
	if e.call != nil {
		names = e.call.names[:]
	}
	for _, name := range names {
		if text, ok := e.arg(name); ok && name != "" {
			out.WriteString(" " + name + "=" + text)
		}
	}
	return out.String()
}

// result names a system call's result: a number, or the error.
func result(ret int64) string {
	if ret >= 0 {
		return strconv.FormatInt(ret, 10)
	}
	for i := range errorNames {
		if errorNames[i].value == uint64(-ret) {
			return errorNames[i].name
		}
	}
	return strconv.FormatInt(ret, 10)
}

func openText(flags uint64) string {
	mode := [...]string{"O_RDONLY", "O_WRONLY", "O_RDWR", "O_RDWR"}[flags&3]
	if rest := bitsText(flags, openFlags); rest != "0" {
		return rest + "|" + mode
	}
	return mode
}

func bitsText(n uint64, names []bit) string {
	out := ""
	for _, b := range names {
		if n&b.value == b.value {
			if out != "" {
				out += "|"
			}
			out += b.name
		}
	}
	if out == "" {
		return "0"
	}
	return out
}

func numberText(n uint64, names []bit) string {
	for _, b := range names {
		if b.value == n {
			return b.name
		}
	}
	return strconv.FormatInt(int64(n), 10)
}
