package learn

import (
	_ "embed" // the table
	"slices"
	"strconv"
	"strings"
)

// callsText has a line for every system call: its name, its numbers on x86-64
// and arm64, and whether Docker's default profile allows it: yes, with one of
// the capabilities that are named, or not. The numbers are those of
// golang.org/x/sys/unix, the last column is of github.com/moby/profiles at
// seccomp/v0.2.3.
//
//go:embed calls.txt
var callsText string

// A call is a system call.
type call struct {
	name         string
	number       int      // on x86-64, -1 where it has none
	allowed      bool     // by Docker's default profile
	capabilities []string // that make the default profile allow it
}

// A table holds the system calls.
type table struct {
	byName   map[string]*call
	byNumber map[int]*call
}

func newTable() *table {
	t := &table{map[string]*call{}, map[int]*call{}}
	for line := range strings.Lines(callsText) {
		f := strings.Fields(line)
		c := &call{name: f[0], number: -1, allowed: f[3] == "yes"}
		if !c.allowed && f[3] != "-" {
			c.capabilities = strings.Split(f[3], ",")
		}
		t.byName[c.name] = c
		if n, err := strconv.Atoi(f[1]); err == nil {
			c.number, t.byNumber[n] = n, c
		}
	}
	return t
}

// names returns the names of calls by their numbers, in order. A number without a
// name is left out.
func (t *table) names(numbers []int) []string {
	out := []string{}
	for _, n := range numbers {
		if c := t.byNumber[n]; c != nil {
			out = append(out, c.name)
		}
	}
	slices.Sort(out)
	return out
}

// all returns the names of all calls that x86-64 has.
func (t *table) all() []string {
	var out []string
	for _, c := range t.byNumber {
		out = append(out, c.name)
	}
	slices.Sort(out)
	return out
}

// byDefault returns the names of the calls that Docker's default profile allows a
// container with the given capabilities, of those x86-64 has.
func (t *table) byDefault(capabilities []string) []string {
	var out []string
	for _, c := range t.byNumber {
		if t.permitted(c.name, capabilities) {
			out = append(out, c.name)
		}
	}
	slices.Sort(out)
	return out
}

// permitted reports whether Docker's default profile allows a call.
func (t *table) permitted(name string, capabilities []string) bool {
	c := t.byName[name]
	return c != nil && (c.allowed || slices.ContainsFunc(c.capabilities, func(n string) bool { return slices.Contains(capabilities, n) }))
}

// Dangerous are the calls that have brought containers most of their escapes, or
// that nothing but an attack or a debugger needs.
var dangerous = strings.Fields(`
	acct add_key bpf chroot clone3 delete_module execveat fanotify_init finit_module fsconfig fsmount fsopen fspick
	init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl
	lookup_dcookie memfd_create memfd_secret mknod mknodat modify_ldt mount mount_setattr move_mount name_to_handle_at
	open_by_handle_at open_tree perf_event_open personality pidfd_getfd pidfd_open pidfd_send_signal pivot_root
	process_madvise process_vm_readv process_vm_writev ptrace quotactl reboot remap_file_pages request_key seccomp
	setdomainname sethostname setns settimeofday splice swapoff swapon syslog tee umount2 unshare userfaultfd vmsplice`)
