package sensor

// How the kernel is told to read an argument; as in bpf/sensor.c.
const (
	argNothing = iota
	argText
	argPath   // relative to the current folder
	argPathAt // relative to the descriptor before it
	argSockaddr
	argMsghdr
	argOpenHow
	argDescriptor
)

// A call is a system call that the sensor can tell about.
type call struct {
	name  string
	nr    int // on x86-64
	names [5]string
	reads [5]uint8
}

// calls are the system calls by name. The names of arguments are those the
// rules language has.
var calls = [...]call{
	{"execve", 59, [5]string{"filename"}, [5]uint8{argPath}},
	{"execveat", 322, [5]string{"dirfd", "pathname", "", "", "flags"}, [5]uint8{0, argPathAt}},
	{"open", 2, [5]string{"name", "flags", "mode"}, [5]uint8{argPath}},
	{"creat", 85, [5]string{"name", "mode"}, [5]uint8{argPath}},
	{"openat", 257, [5]string{"dirfd", "name", "flags", "mode"}, [5]uint8{0, argPathAt}},
	{"openat2", 437, [5]string{"dirfd", "name", "flags"}, [5]uint8{0, argPathAt, argOpenHow}},
	{"connect", 42, [5]string{"fd"}, [5]uint8{argDescriptor, argSockaddr}},
	{"bind", 49, [5]string{"fd"}, [5]uint8{argDescriptor, argSockaddr}},
	{"listen", 50, [5]string{"fd", "backlog"}, [5]uint8{argDescriptor}},
	{"sendto", 44, [5]string{"fd", "", "size"}, [5]uint8{argDescriptor, 0, 0, 0, argSockaddr}},
	{"sendmsg", 46, [5]string{"fd"}, [5]uint8{argDescriptor, argMsghdr}},
	{"socket", 41, [5]string{"domain", "type", "proto"}, [5]uint8{}},
	{"dup", 32, [5]string{"fd"}, [5]uint8{argDescriptor}},
	{"dup2", 33, [5]string{"oldfd", "newfd"}, [5]uint8{argDescriptor}},
	{"dup3", 292, [5]string{"oldfd", "newfd", "flags"}, [5]uint8{argDescriptor}},
	{"ptrace", 101, [5]string{"request", "pid"}, [5]uint8{}},
	{"link", 86, [5]string{"oldpath", "newpath"}, [5]uint8{argPath, argPath}},
	{"linkat", 265, [5]string{"olddir", "oldpath", "newdir", "newpath", "flags"}, [5]uint8{0, argPathAt, 0, argPathAt}},
	{"symlink", 88, [5]string{"target", "linkpath"}, [5]uint8{argText, argPath}},
	{"symlinkat", 266, [5]string{"target", "linkdirfd", "linkpath"}, [5]uint8{argText, 0, argPathAt}},
	{"init_module", 175, [5]string{}, [5]uint8{}},
	{"finit_module", 313, [5]string{"fd"}, [5]uint8{argDescriptor}},
	{"rename", 82, [5]string{"oldpath", "newpath"}, [5]uint8{argPath, argPath}},
	{"renameat", 264, [5]string{"olddirfd", "oldpath", "newdirfd", "newpath"}, [5]uint8{0, argPathAt, 0, argPathAt}},
	{"renameat2", 316, [5]string{"olddirfd", "oldpath", "newdirfd", "newpath"}, [5]uint8{0, argPathAt, 0, argPathAt}},
	{"unlink", 87, [5]string{"path"}, [5]uint8{argPath}},
	{"unlinkat", 263, [5]string{"dirfd", "name"}, [5]uint8{0, argPathAt}},
	{"rmdir", 84, [5]string{"path"}, [5]uint8{argPath}},
	{"mkdir", 83, [5]string{"path", "mode"}, [5]uint8{argPath}},
	{"mkdirat", 258, [5]string{"dirfd", "path", "mode"}, [5]uint8{0, argPathAt}},
	{"chmod", 90, [5]string{"filename", "mode"}, [5]uint8{argPath}},
	{"fchmod", 91, [5]string{"fd", "mode"}, [5]uint8{argDescriptor}},
	{"fchmodat", 268, [5]string{"dirfd", "filename", "mode"}, [5]uint8{0, argPathAt}},
	{"setuid", 105, [5]string{"uid"}, [5]uint8{}},
	{"setns", 308, [5]string{"fd", "nstype"}, [5]uint8{argDescriptor}},
	{"unshare", 272, [5]string{"flags"}, [5]uint8{}},
	{"mount", 165, [5]string{"dev", "dir", "type"}, [5]uint8{argText, argPath, argText}},
	{"bpf", 321, [5]string{"cmd"}, [5]uint8{}},
	{"userfaultfd", 323, [5]string{"flags"}, [5]uint8{}},
}

// callNamed returns the call of that name, or nil.
func callNamed(name string) *call {
	for i := range calls {
		if calls[i].name == name {
			return &calls[i]
		}
	}
	return nil
}

// A bit is a flag and its name, or a number and its name.
type bit struct {
	value uint64
	name  string
}

var openFlags = []bit{
	{0o100, "O_CREAT"},
	{0o200, "O_EXCL"},
	{0o1000, "O_TRUNC"},
	{0o2000, "O_APPEND"},
	{0o4000, "O_NONBLOCK"},
	{0o40000, "O_DIRECT"},
	{0o200000, "O_DIRECTORY"},
	{0o2000000, "O_CLOEXEC"},
	{0o20200000, "O_TMPFILE"},
}

var cloneFlags = []bit{
	{0x20000, "CLONE_NEWNS"},
	{0x2000000, "CLONE_NEWCGROUP"},
	{0x4000000, "CLONE_NEWUTS"},
	{0x8000000, "CLONE_NEWIPC"},
	{0x10000000, "CLONE_NEWUSER"},
	{0x20000000, "CLONE_NEWPID"},
	{0x40000000, "CLONE_NEWNET"},
}

var modeBits = []bit{
	{0o4, "S_IROTH"},
	{0o2, "S_IWOTH"},
	{0o1, "S_IXOTH"},
	{0o40, "S_IRGRP"},
	{0o20, "S_IWGRP"},
	{0o10, "S_IXGRP"},
	{0o400, "S_IRUSR"},
	{0o200, "S_IWUSR"},
	{0o100, "S_IXUSR"},
	{0o1000, "S_ISVTX"},
	{0o2000, "S_ISGID"},
	{0o4000, "S_ISUID"},
}

var domains = []bit{
	{0, "AF_UNSPEC"}, {1, "AF_UNIX"}, {2, "AF_INET"}, {10, "AF_INET6"}, {16, "AF_NETLINK"}, {17, "AF_PACKET"}, {38, "AF_ALG"}, {40, "AF_VSOCK"},
}

var ptraceRequests = []bit{
	{0, "PTRACE_TRACEME"},
	{1, "PTRACE_PEEKTEXT"},
	{2, "PTRACE_PEEKDATA"},
	{3, "PTRACE_PEEKUSR"},
	{4, "PTRACE_POKETEXT"},
	{5, "PTRACE_POKEDATA"},
	{6, "PTRACE_POKEUSR"},
	{7, "PTRACE_CONT"},
	{8, "PTRACE_KILL"},
	{9, "PTRACE_SINGLESTEP"},
	{12, "PTRACE_GETREGS"},
	{13, "PTRACE_SETREGS"},
	{14, "PTRACE_GETFPREGS"},
	{15, "PTRACE_SETFPREGS"},
	{16, "PTRACE_ATTACH"},
	{17, "PTRACE_DETACH"},
	{24, "PTRACE_SYSCALL"},
	{0x4200, "PTRACE_SETOPTIONS"},
	{0x4204, "PTRACE_GETREGSET"},
	{0x4205, "PTRACE_SETREGSET"},
	{0x4206, "PTRACE_SEIZE"},
	{0x4207, "PTRACE_INTERRUPT"},
}

var bpfCommands = []bit{
	{0, "BPF_MAP_CREATE"},
	{1, "BPF_MAP_LOOKUP_ELEM"},
	{2, "BPF_MAP_UPDATE_ELEM"},
	{3, "BPF_MAP_DELETE_ELEM"},
	{5, "BPF_PROG_LOAD"},
	{6, "BPF_OBJ_PIN"},
	{7, "BPF_OBJ_GET"},
	{8, "BPF_PROG_ATTACH"},
	{9, "BPF_PROG_DETACH"},
	{28, "BPF_LINK_CREATE"},
}
