package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// A Loaded is what the processes of a container use of its files. Paths are
// those inside the container, without a leading slash. What is mounted into the
// container over its own files is left out.
type Loaded struct {
	Mapped    map[string]bool // mapped into memory, or executed
	Open      map[string]bool // held open, as a program does with archives and scripts it reads from
	Processes int
	Unread    int // processes whose files could not be read
}

// maxOpen bounds how many open files of one process are looked at.
const maxOpen = 10_000

// maxLoaded bounds the paths that are kept of one container.
const maxLoaded = 200_000

// ReadLoaded returns what the processes of the container whose first process is
// pid have mapped and open. root is the directory that proc is in: "/" but for
// tests.
func ReadLoaded(root string, pid int) (*Loaded, error) {
	s := &system{root: root}
	s.cgroups = s.cgroupMounts()
	p := process{system: s, pid: pid}
	first, err := p.status()
	if err != nil {
		return nil, fmt.Errorf("read process %d: %w", pid, gone(err))
	}
	l := &Loaded{Mapped: map[string]bool{}, Open: map[string]bool{}}
	for _, t := range p.tasks(first, p.uidMap(), p.cgroupPaths()) {
		l.add(process{system: s, pid: t.PID})
	}
	if l.Processes == 0 {
		return nil, fmt.Errorf("read process %d: %w", pid, ErrGone)
	}
	return l, nil
}

// add adds what one process uses. One that ends meanwhile counts for nothing.
func (l *Loaded) add(p process) {
	maps, err := read(p.file("maps"))
	if err != nil {
		if gone(err) != ErrGone { //nolint:errorlint // gone returns it as it is
			l.Processes++
			l.Unread++
		}
		return
	}
	l.Processes++
	mounts := p.mountPoints()
	keep := func(set map[string]bool, name string) {
		if name = inContainer(name); name != "" && !under(name, mounts) && len(l.Mapped)+len(l.Open) < maxLoaded {
			set[name] = true
		}
	}
	for line := range strings.Lines(maps) {
		if i := strings.IndexByte(line, '/'); i >= 0 {
			keep(l.Mapped, unescape(strings.TrimSuffix(line[i:], "\n")))
		}
	}
	if exe, err := os.Readlink(p.file("exe")); err == nil {
		keep(l.Mapped, exe)
	}
	dir, err := os.Open(p.file("fd"))
	if err != nil {
		return // what it has mapped says enough
	}
	defer func() { _ = dir.Close() }() // it was only read
	names, _ := dir.Readdirnames(maxOpen)
	for _, n := range names {
		if target, err := os.Readlink(filepath.Join(p.file("fd"), n)); err == nil {
			keep(l.Open, target)
		}
	}
}

// inContainer returns a path as the kernel gives it without its leading slash,
// or "" where it is none. A file that was replaced while it was in use counts
// as the one that has its name.
func inContainer(name string) string {
	name, ok := strings.CutPrefix(strings.TrimSuffix(name, " (deleted)"), "/")
	if !ok || strings.HasPrefix(name, "memfd:") || strings.HasPrefix(name, "dev/") || strings.HasPrefix(name, "proc/") {
		return ""
	}
	return name
}

// mountPoints returns where something is mounted beneath the process's root,
// without leading slashes.
func (p process) mountPoints() []string {
	text, err := read(p.file("mountinfo"))
	if err != nil {
		return nil
	}
	var out []string
	for line := range strings.Lines(text) {
		if m, ok := parseMount(line); ok && m.point != "/" {
			out = append(out, strings.TrimPrefix(m.point, "/"))
		}
	}
	return out
}

// under reports whether name is one of folders or in one.
func under(name string, folders []string) bool {
	for _, f := range folders {
		if rest, ok := strings.CutPrefix(name, f); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return false
}

// Bounds of the environments that are read: of one process, and of what is kept
// of all of a container.
const (
	maxEnviron   = 256 << 10
	maxVariables = 2000
	maxValue     = 8 << 10
)

// environment returns the variables the tasks were started with, each value
// once.
func (s *system) environment(tasks []model.Task) []model.ProcessVariable {
	var out []model.ProcessVariable
	type pair struct{ name, value string }
	seen := map[pair]bool{}
	for _, t := range tasks {
		text, err := read(s.proc(strconv.Itoa(t.PID), "environ"))
		if err != nil {
			continue // it ended, or may not be read
		}
		text = text[:min(len(text), maxEnviron)]
		for entry := range strings.SplitSeq(text, "\x00") {
			name, value, ok := strings.Cut(entry, "=")
			if !ok || name == "" || len(entry) > maxValue || seen[pair{name, value}] || len(out) >= maxVariables {
				continue
			}
			seen[pair{name, value}] = true
			out = append(out, model.ProcessVariable{PID: t.PID, Command: t.Command, Name: name, Value: value})
		}
	}
	return out
}
