// Package kernel asks the kernel what is in force for a running container. It
// only reads /proc, the cgroup file systems and securityfs where they are
// mounted: nothing is executed in the container, mounted or written.
package kernel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"bulkhead/internal/model"
)

// ErrGone is returned where the process ended before or while it was read.
var ErrGone = errors.New("process is gone")

// maxFile bounds what is read of one file. The largest are the tables of
// sockets, with 150 bytes for each.
const maxFile = 8 << 20

// maxTasks bounds how many processes of one container are read.
const maxTasks = 4096

// A system is a mounted /proc and /sys, with what is the same for all
// processes.
type system struct {
	root    string
	cgroups []cgroupMount
}

// Read returns what the kernel says of the container whose first process is
// pid. root is the directory that proc and sys are in: "/" but for tests.
func Read(root string, pid int) (*model.Kernel, error) {
	s := &system{root: root}
	s.cgroups = s.cgroupMounts()
	p := process{system: s, pid: pid}
	started := p.started()
	first, err := p.status()
	if err != nil {
		return nil, fmt.Errorf("read process %d: %w", pid, gone(err))
	}
	k := &model.Kernel{
		NoNewPrivs: first.noNewPrivs,
		Seccomp:    first.seccomp,
		CapEff:     first.capEff,
		CapBnd:     first.capBnd,
		LSM:        s.lsm(),
	}
	if k.RootRO, err = p.rootReadOnly(); err != nil {
		return nil, fmt.Errorf("read process %d: %w", pid, gone(err))
	}
	uids := p.uidMap()
	k.UIDMapped = uids.outside(0) != 0
	k.AppArmor = p.appArmor(k.LSM)
	groups := p.cgroupPaths()
	s.limits(k, groups)
	k.Tasks = p.tasks(first, uids, groups)
	k.Env = s.environment(k.Tasks)
	k.HostNamespaces = p.hostNamespaces()
	k.Listening = p.listening(k)
	if started != p.started() || started == "" {
		return nil, fmt.Errorf("read process %d: %w", pid, ErrGone)
	}
	return k, nil
}

// gone returns ErrGone for the errors of a process that has ended.
func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, errNoProcess) || errors.Is(err, syscall.ESRCH) {
		return ErrGone
	}
	return err
}

// proc returns the path of a file of process pid, "self" included.
func (s *system) proc(pid, file string) string {
	return filepath.Join(s.root, "proc", pid, file)
}

// read returns the first maxFile bytes of a file.
func read(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	return string(text), err
}

// Modules returns the active security modules of the machine, nil where the
// kernel does not say. root is as for Read.
func Modules(root string) []string { return (&system{root: root}).lsm() }

// Runs reports whether process pid belongs to the container with the given id,
// which engines put into the names of its cgroup and of its mounts. It tells a
// process of this machine from one of another with the same number, where the
// engine's socket leads elsewhere.
func Runs(root string, pid int, id string) bool {
	p := process{system: &system{root: root}, pid: pid}
	for _, name := range [...]string{"cgroup", "mountinfo"} {
		if text, err := read(p.file(name)); err == nil && id != "" && strings.Contains(text, id) {
			return true
		}
	}
	return false
}

// lsm returns the active security modules: from securityfs, or from the system
// call where it is not mounted. Nil where neither is there.
func (s *system) lsm() []string {
	text, err := read(filepath.Join(s.root, "sys/kernel/security/lsm"))
	if err == nil && text != "" {
		return strings.Split(strings.TrimSpace(text), ",")
	}
	if s.root != "/" {
		return nil
	}
	return listModules()
}

// A process is one process of a system.
type process struct {
	*system
	pid int
}

func (p process) file(name string) string { return p.proc(strconv.Itoa(p.pid), name) }

// started returns when the process started, in ticks since the machine did. A
// process that was given the same number later has another.
func (p process) started() string {
	text, err := read(p.file("stat"))
	if err != nil {
		return ""
	}
	// The command's name is in parentheses and may hold any character.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const startTime = 22 - 3 // proc(5), "starttime"; fields begins with the third
	if len(fields) <= startTime {
		return ""
	}
	return fields[startTime]
}

// appArmor returns the process's AppArmor label, "" on a kernel without it.
// attr/current is shared by all modules, so what it holds must look right.
func (p process) appArmor(lsm []string) string {
	if lsm != nil && !slices.Contains(lsm, "apparmor") {
		return ""
	}
	if text, err := read(p.file("attr/apparmor/current")); err == nil {
		return label(text)
	}
	text, err := read(p.file("attr/current"))
	if err != nil {
		return ""
	}
	current := label(text)
	if lsm == nil && current != "unconfined" && !strings.HasSuffix(current, ")") {
		return "" // such as SELinux's system_u:system_r:container_t:s0
	}
	return current
}

// label cuts the end of what the kernel says of a label: a line end or a zero.
func label(text string) string { return strings.Trim(text, "\n\x00") }

// rootReadOnly reports whether the process's root is mounted read-only.
func (p process) rootReadOnly() (bool, error) {
	text, err := read(p.file("mountinfo"))
	if err != nil {
		return false, err
	}
	readOnly := false
	for line := range strings.Lines(text) {
		m, ok := parseMount(line)
		if ok && m.point == "/" { // the last one is on top
			readOnly = slices.Contains(m.options, "ro") || slices.Contains(m.superOptions, "ro")
		}
	}
	return readOnly, nil
}

// A mountEntry is a line of mountinfo, proc(5).
type mountEntry struct {
	root, point           string
	options, superOptions []string
	kind                  string
}

func parseMount(line string) (mountEntry, bool) {
	before, after, ok := strings.Cut(line, " - ")
	head, tail := strings.Fields(before), strings.Fields(after)
	if !ok || len(head) < 6 || len(tail) < 3 {
		return mountEntry{}, false
	}
	return mountEntry{
		root:         unescape(head[3]),
		point:        unescape(head[4]),
		options:      strings.Split(head[5], ","),
		kind:         tail[0],
		superOptions: strings.Split(tail[2], ","),
	}, true
}

// unescape resolves the octal escapes of blanks in mountinfo.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace

// namespaces are the kinds of namespaces that matter to isolation.
var namespaces = [...]string{"pid", "net", "ipc", "uts", "user", "cgroup", "mnt"}

// hostNamespaces returns the kinds of namespaces the process shares with the
// machine's first process, or where that may not be read, with us.
func (p process) hostNamespaces() []string {
	var shared []string
	for _, kind := range namespaces {
		ours, err := os.Readlink(p.proc("1", "ns/"+kind))
		if err != nil {
			ours, err = os.Readlink(p.proc("self", "ns/"+kind))
		}
		theirs, err2 := os.Readlink(p.file("ns/" + kind))
		if err == nil && err2 == nil && ours == theirs {
			shared = append(shared, kind)
		}
	}
	return shared
}
