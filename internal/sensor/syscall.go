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
	argReturned // the descriptor that the call returned, whatever the argument is
	argBuffer   // what the call read or wrote, where rules look at it
	argSockaddrOut
)

// A call is a system call that the sensor can tell about.
type call struct {
	name  string
	nr    int // on x86-64
	names [5]string
	reads [5]uint8
	users bool // arguments are users
}

// opens reports whether the call opens a file.
func (c *call) opens() bool {
	if c == nil {
		return false
	}
	switch c.nr {
	case 2, 85, 257, 304, 437: // open, creat, openat, open_by_handle_at, openat2
		return true
	}
	return false
}

// file returns the index of the path of the file that the call opens, or -1.
func (c *call) file() int {
	switch c.nr {
	case 2, 85:
		return 0
	case 257, 437:
		return 1
	}
	return -1
}

// calls are the system calls by name. The names of arguments are those the
// rules language has.
var calls = [...]call{
	{"execve", 59, [5]string{"filename"}, [5]uint8{argPath}, false},
	{"execveat", 322, [5]string{"dirfd", "pathname", "", "", "flags"}, [5]uint8{0, argPathAt}, false},
	{"open", 2, [5]string{"name", "flags", "mode"}, [5]uint8{argPath}, false},
	{"creat", 85, [5]string{"name", "mode"}, [5]uint8{argPath}, false},
	{"openat", 257, [5]string{"dirfd", "name", "flags", "mode"}, [5]uint8{0, argPathAt}, false},
	{"openat2", 437, [5]string{"dirfd", "name", "flags"}, [5]uint8{0, argPathAt, argOpenHow}, false},
	{"connect", 42, [5]string{"fd"}, [5]uint8{argDescriptor, argSockaddr}, false},
	{"bind", 49, [5]string{"fd"}, [5]uint8{argDescriptor, argSockaddr}, false},
	{"listen", 50, [5]string{"fd", "backlog"}, [5]uint8{argDescriptor}, false},
	{"sendto", 44, [5]string{"fd", "", "size"}, [5]uint8{argDescriptor, argBuffer, 0, 0, argSockaddr}, false},
	{"sendmsg", 46, [5]string{"fd"}, [5]uint8{argDescriptor, argMsghdr}, false},
	{"socket", 41, [5]string{"domain", "type", "proto"}, [5]uint8{}, false},
	{"dup", 32, [5]string{"fd"}, [5]uint8{argDescriptor}, false},
	{"dup2", 33, [5]string{"oldfd", "newfd"}, [5]uint8{argDescriptor}, false},
	{"dup3", 292, [5]string{"oldfd", "newfd", "flags"}, [5]uint8{argDescriptor}, false},
	{"ptrace", 101, [5]string{"request", "pid"}, [5]uint8{}, false},
	{"link", 86, [5]string{"oldpath", "newpath"}, [5]uint8{argPath, argPath}, false},
	{"linkat", 265, [5]string{"olddir", "oldpath", "newdir", "newpath", "flags"}, [5]uint8{0, argPathAt, 0, argPathAt}, false},
	{"symlink", 88, [5]string{"target", "linkpath"}, [5]uint8{argText, argPath}, false},
	{"symlinkat", 266, [5]string{"target", "linkdirfd", "linkpath"}, [5]uint8{argText, 0, argPathAt}, false},
	{"init_module", 175, [5]string{}, [5]uint8{}, false},
	{"finit_module", 313, [5]string{"fd"}, [5]uint8{argDescriptor}, false},
	{"rename", 82, [5]string{"oldpath", "newpath"}, [5]uint8{argPath, argPath}, false},
	{"renameat", 264, [5]string{"olddirfd", "oldpath", "newdirfd", "newpath"}, [5]uint8{0, argPathAt, 0, argPathAt}, false},
	{"renameat2", 316, [5]string{"olddirfd", "oldpath", "newdirfd", "newpath"}, [5]uint8{0, argPathAt, 0, argPathAt}, false},
	{"unlink", 87, [5]string{"path"}, [5]uint8{argPath}, false},
	{"unlinkat", 263, [5]string{"dirfd", "name"}, [5]uint8{0, argPathAt}, false},
	{"rmdir", 84, [5]string{"path"}, [5]uint8{argPath}, false},
	{"mkdir", 83, [5]string{"path", "mode"}, [5]uint8{argPath}, false},
	{"mkdirat", 258, [5]string{"dirfd", "path", "mode"}, [5]uint8{0, argPathAt}, false},
	{"chmod", 90, [5]string{"filename", "mode"}, [5]uint8{argPath}, false},
	{"fchmod", 91, [5]string{"fd", "mode"}, [5]uint8{argDescriptor}, false},
	{"fchmodat", 268, [5]string{"dirfd", "filename", "mode"}, [5]uint8{0, argPathAt}, false},
	{"setuid", 105, [5]string{"uid"}, [5]uint8{}, true},
	{"setns", 308, [5]string{"fd", "nstype"}, [5]uint8{argDescriptor}, false},
	{"unshare", 272, [5]string{"flags"}, [5]uint8{}, false},
	{"mount", 165, [5]string{"dev", "dir", "type", "flags"}, [5]uint8{argText, argPath, argText}, false},
	{"bpf", 321, [5]string{"cmd"}, [5]uint8{}, false},
	{"userfaultfd", 323, [5]string{"flags"}, [5]uint8{}, false},
	{"accept", 43, [5]string{"fd"}, [5]uint8{argReturned}, false},
	{"accept4", 288, [5]string{"fd", "", "", "flags"}, [5]uint8{argReturned}, false},
	{"recvfrom", 45, [5]string{"fd", "", "size"}, [5]uint8{argDescriptor, argBuffer, 0, 0, argSockaddrOut}, false},
	{"recvmsg", 47, [5]string{"fd"}, [5]uint8{argDescriptor, argMsghdr}, false},
	{"socketpair", 53, [5]string{"domain", "type", "proto"}, [5]uint8{}, false},
	{"shutdown", 48, [5]string{"fd", "how"}, [5]uint8{argDescriptor}, false},
	{"chdir", 80, [5]string{"path"}, [5]uint8{argPath}, false},
	{"fchdir", 81, [5]string{"fd"}, [5]uint8{argDescriptor}, false},
	{"chroot", 161, [5]string{"path"}, [5]uint8{argPath}, false},
	{"pivot_root", 155, [5]string{"new_root", "put_old"}, [5]uint8{argPath, argPath}, false},
	{"umount2", 166, [5]string{"name", "flags"}, [5]uint8{argPath}, false},
	{"move_mount", 429, [5]string{"from_dirfd", "from_path", "to_dirfd", "to_path"}, [5]uint8{0, argPathAt, 0, argPathAt}, false},
	{"fchmodat2", 452, [5]string{"dirfd", "filename", "mode"}, [5]uint8{0, argPathAt}, false},
	{"chown", 92, [5]string{"path", "uid", "gid"}, [5]uint8{argPath}, true},
	{"lchown", 94, [5]string{"path", "uid", "gid"}, [5]uint8{argPath}, true},
	{"fchown", 93, [5]string{"fd", "uid", "gid"}, [5]uint8{argDescriptor}, true},
	{"fchownat", 260, [5]string{"dirfd", "pathname", "uid", "gid"}, [5]uint8{0, argPathAt}, true},
	{"setgid", 106, [5]string{"gid"}, [5]uint8{}, false},
	{"setresuid", 117, [5]string{"ruid", "euid", "suid"}, [5]uint8{}, true},
	{"setresgid", 119, [5]string{"rgid", "egid", "sgid"}, [5]uint8{}, false},
	{"setreuid", 113, [5]string{"ruid", "euid"}, [5]uint8{}, true},
	{"setregid", 114, [5]string{"rgid", "egid"}, [5]uint8{}, false},
	{"setsid", 112, [5]string{}, [5]uint8{}, false},
	{"setpgid", 109, [5]string{"pid", "pgid"}, [5]uint8{}, false},
	{"capset", 126, [5]string{}, [5]uint8{}, false},
	{"prctl", 157, [5]string{"option"}, [5]uint8{}, false},
	{"kill", 62, [5]string{"pid", "sig"}, [5]uint8{}, false},
	{"tgkill", 234, [5]string{"pid", "tid", "sig"}, [5]uint8{}, false},
	{"tkill", 200, [5]string{"tid", "sig"}, [5]uint8{}, false},
	{"memfd_create", 319, [5]string{"name", "flags"}, [5]uint8{argText}, false},
	{"splice", 275, [5]string{"fd_in", "", "fd_out", "", "size"}, [5]uint8{argDescriptor}, false},
	{"mprotect", 10, [5]string{"addr", "length", "prot"}, [5]uint8{}, false},
	{"io_uring_setup", 425, [5]string{"entries"}, [5]uint8{}, false},
	{"io_uring_enter", 426, [5]string{"fd", "to_submit", "min_complete", "flags"}, [5]uint8{}, false},
	{"io_uring_register", 427, [5]string{"fd", "opcode", "", "nr_args"}, [5]uint8{}, false},
	{"process_vm_readv", 310, [5]string{"pid"}, [5]uint8{}, false},
	{"process_vm_writev", 311, [5]string{"pid"}, [5]uint8{}, false},
	{"pidfd_open", 434, [5]string{"pid", "flags"}, [5]uint8{}, false},
	{"pidfd_getfd", 438, [5]string{"pidfd", "target_fd", "flags"}, [5]uint8{}, false},
	{"open_by_handle_at", 304, [5]string{"mountfd", "", "flags"}, [5]uint8{argReturned}, false},
	{"delete_module", 176, [5]string{"name", "flags"}, [5]uint8{argText}, false},
	{"kexec_load", 246, [5]string{}, [5]uint8{}, false},
	{"reboot", 169, [5]string{}, [5]uint8{}, false},
	{"swapon", 167, [5]string{"path"}, [5]uint8{argPath}, false},
	{"mknod", 133, [5]string{"path", "mode", "dev"}, [5]uint8{argPath}, false},
	{"mknodat", 259, [5]string{"dirfd", "path", "mode", "dev"}, [5]uint8{0, argPathAt}, false},
	{"truncate", 76, [5]string{"path"}, [5]uint8{argPath}, false},
	{"ftruncate", 77, [5]string{"fd"}, [5]uint8{argDescriptor}, false},
	{"keyctl", 250, [5]string{"cmd"}, [5]uint8{}, false},
	{"add_key", 248, [5]string{"type", "desc"}, [5]uint8{argText, argText}, false},
	{"inotify_init1", 294, [5]string{"flags"}, [5]uint8{}, false},
	{"inotify_add_watch", 254, [5]string{"fd", "path"}, [5]uint8{0, argPath}, false},
	{"personality", 135, [5]string{"persona"}, [5]uint8{}, false},
	{"sethostname", 170, [5]string{"name"}, [5]uint8{}, false},
	{"seccomp", 317, [5]string{"op", "flags"}, [5]uint8{}, false},
	{"perf_event_open", 298, [5]string{}, [5]uint8{}, false},
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

var memfdFlags = []bit{{1, "MFD_CLOEXEC"}, {2, "MFD_ALLOW_SEALING"}, {4, "MFD_HUGETLB"}, {8, "MFD_NOEXEC_SEAL"}, {16, "MFD_EXEC"}}

var protections = []bit{{1, "PROT_READ"}, {2, "PROT_WRITE"}, {4, "PROT_EXEC"}}

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

var errorNames = []bit{
	{1, "EPERM"},
	{2, "ENOENT"},
	{3, "ESRCH"},
	{4, "EINTR"},
	{5, "EIO"},
	{9, "EBADF"},
	{11, "EAGAIN"},
	{12, "ENOMEM"},
	{13, "EACCES"},
	{14, "EFAULT"},
	{16, "EBUSY"},
	{17, "EEXIST"},
	{18, "EXDEV"},
	{20, "ENOTDIR"},
	{21, "EISDIR"},
	{22, "EINVAL"},
	{28, "ENOSPC"},
	{30, "EROFS"},
	{38, "ENOSYS"},
	{39, "ENOTEMPTY"},
	{40, "ELOOP"},
	{101, "ENETUNREACH"},
	{110, "ETIMEDOUT"},
	{111, "ECONNREFUSED"},
	{113, "EHOSTUNREACH"},
	{115, "EINPROGRESS"},
}
