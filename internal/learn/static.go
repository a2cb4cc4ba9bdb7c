package learn

import (
	"debug/elf"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// maxObjects bounds how many programs and libraries are read.
const maxObjects = 300

// A Static is what the files of the programs that ran say of system calls.
type Static struct {
	Programs  []string `json:"programs"`  // with their libraries and loaders
	Reachable []string `json:"reachable"` // system calls by whose names they import functions
	Direct    []string `json:"direct"`    // those that the programs themselves do
	Opaque    []string `json:"opaque"`    // those that import nothing, so that nothing can be said
	Refused   []string `json:"refused"`   // of these, what was never seen and is refused by the profile
}

// A linker finds the libraries of programs below a root.
type linker struct {
	root  string
	table *table
	seen  map[string]bool
	calls map[string]bool
	own   map[string]bool // of them, those of programs
	out   Static
}

// libraryDirs are where loaders look without being told.
var libraryDirs = []string{
	"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib",
}

// static reads the programs below root and what they are linked with.
func (t *table) static(root string, programs []string) Static {
	k := &linker{root: root, table: t, seen: map[string]bool{}, calls: map[string]bool{}, own: map[string]bool{}}
	for _, p := range programs {
		k.read(p, true)
	}
	k.out.Programs, k.out.Reachable, k.out.Direct = sorted(k.seen), sorted(k.calls), sorted(k.own)
	return k.out
}

// read reads an ELF file and those it needs. What is none is left out.
func (k *linker) read(name string, program bool) {
	name = resolve(k.root, name)
	if k.seen[name] || len(k.seen) >= maxObjects {
		return
	}
	f, err := os.OpenFile(k.root+name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe in its place would have it wait
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }() // it is only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return
	}
	e, err := elf.NewFile(f)
	if err != nil {
		return
	}
	k.seen[name] = true
	needed, err := e.ImportedLibraries()
	if program && (err != nil || len(needed) == 0) {
		k.out.Opaque = append(k.out.Opaque, name)
	}
	if !standard(name) {
		k.imports(e, k.calls)
	}
	if program {
		k.imports(e, k.own)
	}
	if loader := interpreter(e); loader != "" {
		k.read(loader, false)
	}
	dirs := k.paths(e, name)
	for _, library := range needed {
		for _, dir := range dirs {
			if k.exists(path.Join(dir, library)) {
				k.read(path.Join(dir, library), false)
				break
			}
		}
	}
}

// standard reports whether a file is a C library or a loader: it has all calls,
// and what it imports says nothing of its users.
func standard(name string) bool {
	base := path.Base(name)
	return slices.ContainsFunc([]string{"libc.", "libc-", "ld-", "ld.", "libpthread", "libm.", "librt.", "libdl."}, func(p string) bool { return strings.HasPrefix(base, p) })
}

// imports adds the calls by whose names the file imports functions to a set. With the
// suffix of large files, or of the inner names of a C library, they are the same.
func (k *linker) imports(e *elf.File, to map[string]bool) {
	symbols, err := e.ImportedSymbols()
	if err != nil {
		return
	}
	for _, s := range symbols {
		name := strings.TrimLeft(s.Name, "_")
		for _, n := range []string{name, strings.TrimSuffix(name, "64"), inside[name]} {
			if c := k.table.byName[n]; c != nil && c.number >= 0 {
				to[n] = true
			}
		}
	}
}

// inside are functions of C libraries that make a call of another name.
var inside = map[string]string{
	"send": "sendto", "recv": "recvfrom", "waitpid": "wait4", "wait": "wait4", "wait3": "wait4", "mkfifo": "mknodat", "lockf": "fcntl", "daemon": "clone",
	"sigaction": "rt_sigaction", "sigprocmask": "rt_sigprocmask", "sigsuspend": "rt_sigsuspend", "posix_fadvise": "fadvise64",
	"posix_fallocate": "fallocate", "pthread_setaffinity_np": "sched_setaffinity", "initgroups": "setgroups", "umount": "umount2",
	"opendir": "getdents64", "statvfs": "statfs", "fstatvfs": "fstatfs", "killpg": "kill", "raise": "tgkill", "popen": "clone", "system": "clone",
}

// interpreter returns the loader that a program names.
func interpreter(e *elf.File) string {
	const most = 4096
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < most {
			text := make([]byte, p.Filesz)
			if _, err := p.ReadAt(text, 0); err == nil {
				return strings.TrimRight(string(text), "\x00")
			}
		}
	}
	return ""
}

// paths returns the folders that the libraries of a file are looked for in.
func (k *linker) paths(e *elf.File, name string) []string {
	var out []string
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		said, err := e.DynString(tag)
		if err != nil {
			continue
		}
		for _, list := range said {
			for dir := range strings.SplitSeq(list, ":") {
				out = append(out, strings.NewReplacer("$ORIGIN", path.Dir(name), "${ORIGIN}", path.Dir(name)).Replace(dir))
			}
		}
	}
	return append(out, libraryDirs...)
}

func (k *linker) exists(name string) bool {
	_, err := os.Stat(k.root + resolve(k.root, name))
	return err == nil
}
