package sensor

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// An image is what a process is between two execs. It does not change once an
// event has it.
type image struct {
	comm  string
	exe   string   // the path, as the process sees it; "" where unknown
	argv  []string // argv[0] is what rules call proc.exe
	cwd   string
	flags uint32
}

// A process is one that runs or that another descends from.
type process struct {
	pid    uint32
	start  uint64 // nanoseconds since boot
	sid    uint32
	vpid   uint32
	parent *process
	*image
}

// processes are those that run, by number.
type processes map[uint32]*process

// snapshot reads what runs already. A process that goes meanwhile is left out.
func snapshot(proc string) processes {
	all := processes{}
	parents := map[uint32]uint32{}
	entries, _ := os.ReadDir(proc) // without /proc there is only what events tell
	for _, e := range entries {
		n, err := strconv.ParseUint(e.Name(), 10, 32)
		if err != nil {
			continue
		}
		p, parent, ok := readProcess(filepath.Join(proc, e.Name()), uint32(n))
		if ok {
			all[p.pid] = p
			parents[p.pid] = parent
		}
	}
	for pid, p := range all {
		p.parent = all[parents[pid]]
	}
	return all
}

func readProcess(dir string, pid uint32) (p *process, parent uint32, ok bool) {
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	open, end := strings.IndexByte(string(stat), '('), strings.LastIndexByte(string(stat), ')')
	if err != nil || open < 0 || end < open {
		return nil, 0, false
	}
	fields := strings.Fields(string(stat)[end+1:])
	const startTime, session, parentPID = 22 - 3, 6 - 3, 4 - 3 // proc(5); fields begins with the third
	if len(fields) <= startTime {
		return nil, 0, false
	}
	p = &process{pid: pid, vpid: pid, image: &image{comm: string(stat)[open+1 : end]}}
	ticks, _ := strconv.ParseUint(fields[startTime], 10, 64)
	p.start = ticks * 10_000_000 // USER_HZ is 100 on every architecture
	p.sid = number(fields[session])
	if text, err := os.ReadFile(filepath.Join(dir, "cmdline")); err == nil && len(text) > 0 {
		p.argv = strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
	}
	p.exe, _ = os.Readlink(filepath.Join(dir, "exe")) // kernel threads have none
	p.cwd, _ = os.Readlink(filepath.Join(dir, "cwd"))
	return p, number(fields[parentPID]), true
}

func number(text string) uint32 {
	n, _ := strconv.ParseUint(text, 10, 32) // the kernel wrote it
	return uint32(n)
}

// of returns the process of an event, as the event tells it where it is new.
func (all processes) of(r *raw) *process {
	p := all[r.PID]
	if p == nil || r.Kind == kindFork {
		p = &process{pid: r.PID, image: &image{comm: cText(r.Comm[:])}}
		if parent := all[r.PPID]; parent != nil && r.Kind == kindFork {
			copied := *parent.image
			copied.comm = cText(r.Comm[:])
			p.image = &copied
		}
		all[r.PID] = p
	}
	p.start, p.sid, p.vpid = r.Start, r.SID, r.VPID
	if parent := all[r.PPID]; parent != nil && (p.parent == nil || r.Kind == kindExec || r.Kind == kindFork) {
		p.parent = parent
		if far := p.ancestor(2 * maxAncestors); far != nil {
			far.parent = nil // processes that fork and end one after the other would be kept for ever
		}
	}
	switch {
	case r.Kind == kindExec:
		p.image = &image{comm: cText(r.Comm[:]), exe: r.exe, argv: r.argv, cwd: r.cwd, flags: r.Flags}
	case r.TID == r.PID && p.comm != cText(r.Comm[:]): // it named itself
		renamed := *p.image
		renamed.comm = cText(r.Comm[:])
		p.image = &renamed
	}
	return p
}

// ancestor returns the nth ancestor, 0 being p itself, or nil.
func (p *process) ancestor(n int) *process {
	for ; p != nil && n > 0; n-- {
		p = p.parent
	}
	return p
}

func (p *process) args() string {
	if len(p.argv) < 2 {
		return ""
	}
	return strings.Join(p.argv[1:], " ")
}

func (p *process) cmdline() string { return strings.TrimSuffix(p.comm+" "+p.args(), " ") }

// containerInPath finds the id of a container in the path of a control group, as
// Docker, containerd, Podman and Kubernetes write it.
var containerInPath = regexp.MustCompile(`(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:/|$)`)

func containerOf(path string) string {
	if m := containerInPath.FindStringSubmatch(path); m != nil {
		return m[1]
	}
	return ""
}
