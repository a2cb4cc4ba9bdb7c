package sensor

import (
	"encoding/binary"
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
	env   string   // with a zero after each; "" where no rule looks at it
	cwd   string   // with a slash at the end
	flags uint32
	file  program
	line  string // cmdline, made when first asked for
}

// A program is the file that a process runs: struct program in bpf/sensor.c.
type program struct {
	inode          uint64
	changed, wrote int64 // nanoseconds since 1970
	mode, uid, gid uint32
}

// A process is one that runs or that another descends from.
type process struct {
	pid    uint32
	start  uint64 // nanoseconds since boot
	sid    uint32
	vpid   uint32
	vpgid  uint32
	pgid   uint32
	uid    uint32
	known  bool // the kernel told the numbers above
	parent *process
	*image
}

// maxEnvironment bounds what is kept of a process that ran before the sensor.
const maxEnvironment = 4096

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
	if text, err := os.ReadFile(filepath.Join(dir, "environ")); err == nil && len(text) <= maxEnvironment {
		p.env = string(text)
	}
	p.exe, _ = os.Readlink(filepath.Join(dir, "exe")) // kernel threads have none
	cwd, _ := os.Readlink(filepath.Join(dir, "cwd"))
	p.cwd = slashed(cwd)
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
		p = &process{pid: r.PID}
		if parent := all[r.PPID]; parent != nil && r.Kind == kindFork {
			p.image = parent.image
		} else {
			p.image = &image{}
		}
		all[r.PID] = p
	}
	if r.Kind == kindFound && p.known {
		return p // an event told more
	}
	p.start, p.sid, p.vpid, p.vpgid, p.pgid, p.known = r.Start, r.SID, r.VPID, r.VPGID, r.PGID, true
	if p.parent == nil || r.Kind != kindSyscall {
		p.adopt(all[r.PPID])
	}
	switch {
	case r.Kind == kindExec:
		p.image = &image{
			comm: string(r.comm()), exe: r.folder(tagExe), argv: r.list(tagArgv), env: strings.Clone(r.record(tagEnv)),
			cwd: r.joined(tagCwd, "/"), flags: r.Flags, file: r.program(),
		}
	case r.Kind == kindFound:
		found := *p.image
		found.comm, found.exe, found.cwd, found.flags, found.file = string(r.comm()), r.folder(tagExe), r.joined(tagCwd, "/"), r.Flags, r.program()
		found.line = ""
		p.image = &found
	case r.TID == r.PID && p.comm != string(r.comm()): // it named itself
		renamed := *p.image
		renamed.comm, renamed.line = string(r.comm()), ""
		p.image = &renamed
	}
	return p
}

// adopt notes the parent of a process.
func (p *process) adopt(parent *process) {
	if parent == nil || parent == p || parent == p.parent {
		return
	}
	p.parent = parent
	if far := p.ancestor(2 * maxAncestors); far != nil {
		far.parent = nil // processes that fork and end one after the other would be kept for ever
	}
}

// program reads what the kernel told of the file that a process runs.
func (r *raw) program() program {
	b := []byte(r.record(tagProgram))
	if len(b) < 40 {
		return program{}
	}
	u64, u32 := binary.LittleEndian.Uint64, binary.LittleEndian.Uint32
	return program{u64(b), int64(u64(b[8:])), int64(u64(b[16:])), u32(b[24:]), u32(b[28:]), u32(b[32:])}
}

// writable reports whether the user of the event may write to the program.
func (p *process) writable(e *Event) bool {
	const override = 1 << 1 // CAP_DAC_OVERRIDE
	f := &p.file
	switch {
	case f.mode == 0:
		return false
	case e.Effective&override != 0:
		return true
	case e.EUID == f.uid:
		return f.mode&0o200 != 0
	case e.GID == f.gid:
		return f.mode&0o020 != 0
	}
	return f.mode&0o002 != 0
}

// memfd reports whether the program has no file: a memory file, not one that was
// deleted since.
func (p *process) memfd() bool { return p.flags&flagMemfd != 0 && strings.HasPrefix(p.exe, "/memfd:") }

// exepath returns the path of the program, or the name of its memory file.
func (p *process) exepath() string {
	if p.memfd() {
		return p.exe[1:]
	}
	return p.exe
}

// environment returns the variables as NAME=value.
func (p *process) environment() []string {
	if p.env == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(p.env, "\x00"), "\x00")
}

// variable returns the value of an environment variable.
func (p *process) variable(name string) (string, bool) {
	for rest := p.env; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\x00")
		if value, ok := strings.CutPrefix(line, name+"="); ok {
			return value, true
		}
	}
	return "", false
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

// cmdline returns the name of the process and its arguments.
func (p *process) cmdline() string {
	if p.line == "" {
		p.line = strings.TrimSuffix(p.comm+" "+p.args(), " ")
	}
	return p.line
}

// containerInPath finds the id of a container in the path of a control group, as
// Docker, containerd, Podman and Kubernetes write it.
var containerInPath = regexp.MustCompile(`(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:/|$)`)

func containerOf(path string) string {
	m := containerInPath.FindStringSubmatch(path)
	if m == nil || strings.Contains(path, "-conmon-"+m[1]) { // which looks after the container from outside
		return ""
	}
	return m[1]
}
