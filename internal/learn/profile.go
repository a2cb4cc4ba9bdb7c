package learn

import (
	"encoding/json"
	"slices"
	"strings"
)

// A Profile is a seccomp profile, in the form that Docker, containerd and Podman
// read.
type Profile struct {
	DefaultAction string `json:"defaultAction"`

	// DefaultErrno is what calls get that no rule names: those that are newer than
	// the profile. ENOSYS lets a C library take the older way.
	DefaultErrno  int      `json:"defaultErrnoRet"`
	Architectures []string `json:"architectures"`
	Rules         []Rule   `json:"syscalls"`
}

// A Rule is what happens to some system calls.
type Rule struct {
	Names  []string `json:"names"`
	Action string   `json:"action"`
	Errno  int      `json:"errnoRet,omitempty"`
	Args   []Arg    `json:"args,omitempty"`
}

// An Arg compares an argument of a call.
type Arg struct {
	Index    int    `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo"`
	Op       string `json:"op"`
}

const (
	allow  = "SCMP_ACT_ALLOW"
	refuse = "SCMP_ACT_ERRNO"

	eperm, enosys = 1, 38
)

// firstProbed is the first call that the kernel got in 5.1. C libraries try those
// from there on and take the older way on ENOSYS alone.
const firstProbed = 424

// namespaces are the flags of clone that make namespaces.
const namespaces = 0x7e020000

// floor is what any program needs to start, run and end, with either C library or
// without.
var floor = strings.Fields(`
	access arch_prctl brk clock_gettime close execve exit exit_group fstat futex getpid getrandom gettid madvise mmap mprotect munmap
	newfstatat openat pread64 prlimit64 read restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity
	sched_yield set_robust_list set_tid_address sigaltstack tgkill write writev`)

// runtimeBase is what the container's runtime calls between the moment it puts the
// profile in force and the moment it starts the program: those of runc 1.1.5 over
// many starts, with and without no-new-privileges; those of its language's
// scheduler and collector, which differ from start to start; and close_range, by
// which newer ones close what they had open.
var runtimeBase = strings.Fields(`
	brk capget capset chdir clone close close_range epoll_ctl epoll_pwait execve faccessat2 fcntl fstat fstatfs futex getcwd
	getdents64 getpid getppid gettid madvise mmap munmap nanosleep newfstatat openat prctl read rt_sigprocmask rt_sigreturn
	sched_yield setgid setgroups setuid sigaltstack tgkill write`)

// families are calls that do the same, older ones first: a program that makes one
// makes a newer one with another C library, and on machines that have no older
// ones. What is not swapped in this way is in none, however alike it is.
var families = [][]string{
	{"creat", "open", "openat"},
	{"stat", "lstat", "fstat", "newfstatat", "statx"},
	{"access", "faccessat", "faccessat2"},
	{"fork", "vfork", "clone"},
	{"select", "pselect6"},
	{"poll", "ppoll"},
	{"epoll_wait", "epoll_pwait", "epoll_pwait2"},
	{"epoll_create", "epoll_create1"},
	{"eventfd", "eventfd2"},
	{"signalfd", "signalfd4"},
	{"inotify_init", "inotify_init1"},
	{"pipe", "pipe2"},
	{"dup2", "dup3"},
	{"accept", "accept4"},
	{"rename", "renameat", "renameat2"},
	{"unlink", "rmdir", "unlinkat"},
	{"mkdir", "mkdirat"},
	{"link", "linkat"},
	{"symlink", "symlinkat"},
	{"readlink", "readlinkat"},
	{"chmod", "fchmodat", "fchmodat2"},
	{"chown", "lchown", "fchownat"},
	{"utime", "utimes", "futimesat", "utimensat"},
	{"getdents", "getdents64"},
	{"time", "gettimeofday", "clock_gettime"},
	{"nanosleep", "clock_nanosleep"},
	{"getrlimit", "setrlimit", "prlimit64"},
	{"alarm", "setitimer"},
	{"wait4", "waitid"},
}

// profile returns the profile that allows calls to a container with the given
// capabilities: what was seen, what starts it, and the families of that. Of these
// it holds nothing that Docker's default profile refuses, unless it was seen.
func (t *table) profile(calls, capabilities []string, compat bool) *Profile {
	allowed := map[string]bool{}
	for _, n := range slices.Concat(calls, runtimeBase, floor) {
		allowed[n] = true
	}
	for _, family := range families {
		oldest := slices.IndexFunc(family, func(n string) bool { return allowed[n] })
		for i, n := range family {
			if oldest >= 0 && i > oldest && t.permitted(n, capabilities) {
				allowed[n] = true
			}
		}
	}
	p := &Profile{DefaultAction: refuse, DefaultErrno: enosys, Architectures: []string{"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"}}
	if compat {
		p.Architectures = append(p.Architectures, "SCMP_ARCH_X86", "SCMP_ARCH_ARM")
	}
	var plain, older, newer []string
	for name, c := range t.byName {
		switch {
		case allowed[name] && restricted(name, capabilities) == nil:
			plain = append(plain, name)
		case allowed[name]:
		case c.number >= firstProbed:
			newer = append(newer, name)
		default:
			older = append(older, name)
		}
	}
	p.Rules = []Rule{{Names: ordered(plain), Action: allow}}
	for _, name := range []string{"clone", "personality", "socket"} {
		if allowed[name] {
			p.Rules = append(p.Rules, restricted(name, capabilities)...)
		}
	}
	p.Rules = append(p.Rules, Rule{Names: ordered(older), Action: refuse, Errno: eperm}, Rule{Names: ordered(newer), Action: refuse, Errno: enosys})
	return p
}

func ordered(names []string) []string {
	slices.Sort(names)
	return names
}

// restricted returns the rules of a call that Docker's default profile allows with
// some arguments only, nil of any other.
func restricted(name string, capabilities []string) []Rule {
	rule := func(op string, value uint64) Rule {
		return Rule{Names: []string{name}, Action: allow, Args: []Arg{{0, value, 0, op}}}
	}
	const equal = "SCMP_CMP_EQ"
	switch name {
	case "clone":
		if !slices.Contains(capabilities, "SYS_ADMIN") {
			return []Rule{rule("SCMP_CMP_MASKED_EQ", namespaces)}
		}
	case "personality": // what there is on Linux alone
		return []Rule{rule(equal, 0), rule(equal, 0x8), rule(equal, 0x20000), rule(equal, 0x20008), rule(equal, 0xffffffff)}
	case "socket": // neither the kernel's ciphers nor the hypervisor
		const algorithms, hypervisor = 38, 40
		return []Rule{rule("SCMP_CMP_LT", algorithms), rule(equal, algorithms+1), rule("SCMP_CMP_GT", hypervisor)}
	}
	return nil
}

// Allowed returns the calls that the profile allows, in order, also those it allows
// with some arguments only.
func (p *Profile) Allowed() []string {
	var out []string
	for _, r := range p.Rules {
		if r.Action == allow {
			out = append(out, r.Names...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Missing returns the calls without which no container starts under the profile.
func (p *Profile) Missing() []string {
	allowed := p.Allowed()
	var out []string
	for _, n := range merged(floor, runtimeBase) {
		if !slices.Contains(allowed, n) {
			out = append(out, n)
		}
	}
	return out
}

// JSON returns the profile as engines read it.
func (p *Profile) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(p, "", "  ")
	return append(text, '\n'), err
}
