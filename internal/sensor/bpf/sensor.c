// The sensor's programs: they run in the kernel at the end of every system call
// and at the start, the change and the end of every process, and write what the
// loaded rules can use to a ring buffer.

#include "common.h"

// Members of the kernel's structures.
struct qstr { u32 len; const u8 *name; } CORE;
struct super_block { u64 s_magic; u32 s_dev; } CORE;
struct timespec64 { s64 tv_sec; long tv_nsec; } CORE;
typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;
struct inode {
	u16 i_mode;
	u32 i_nlink;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned long i_ino;
	struct super_block *i_sb;
	s64 i_ctime_sec, i_mtime_sec; // 6.11 and newer
	u32 i_ctime_nsec, i_mtime_nsec;
	struct timespec64 i_ctime, i_mtime;     // before 6.6
	struct timespec64 __i_ctime, __i_mtime; // between
} CORE;
struct dentry { struct dentry *d_parent; struct qstr d_name; struct inode *d_inode; } CORE;
struct vfsmount { struct dentry *mnt_root; } CORE;
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; } CORE;
struct path { struct vfsmount *mnt; struct dentry *dentry; } CORE;
struct file { struct path f_path; struct inode *f_inode; void *private_data; } CORE;
struct fdtable { u32 max_fds; struct file **fd; } CORE;
struct files_struct { struct fdtable *fdt; } CORE;
struct fs_struct { struct path root; struct path pwd; } CORE;
struct mm_struct { unsigned long arg_start, arg_end, env_start, env_end; struct file *exe_file; } CORE;
struct capset { u64 val; };
struct cred { kuid_t uid; kgid_t gid; kuid_t euid; struct capset cap_inheritable, cap_permitted, cap_effective; } CORE;
struct tty_struct { s32 index; } CORE;
struct pid_namespace { u32 level; } CORE;
struct upid { s32 nr; struct pid_namespace *ns; } CORE;
struct pid { u32 level; struct upid numbers[1]; } CORE;
struct signal_struct { struct tty_struct *tty; struct pid *pids[4]; } CORE;
struct task_struct {
	s32 pid, tgid;
	struct css_set *cgroups;
	struct task_struct *real_parent, *group_leader;
	u64 start_boottime;
	const struct cred *cred;
	kuid_t loginuid;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	struct signal_struct *signal;
	struct pid *thread_pid;
	char comm[16];
} CORE;
struct in6_addr { u8 bytes[16]; };
struct sock_common {
	u32 skc_daddr, skc_rcv_saddr;
	u16 skc_dport, skc_num, skc_family;
	u8 skc_state;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} CORE;
struct sock { struct sock_common __sk_common; u16 sk_protocol; u16 sk_type; } CORE;
struct socket { u16 type; struct sock *sk; } CORE;
struct unix_address { s32 len; u8 name[1]; } CORE;
struct unix_sock { struct unix_address *addr; struct sock *peer; } CORE;
struct linux_binprm { const char *filename; } CORE;
struct bpf_iter_meta { void *seq; } CORE;
struct bpf_iter__task { struct bpf_iter_meta *meta; struct task_struct *task; };
struct pt_regs { unsigned long r10, r9, r8, dx, si, di, orig_ax; } CORE;

// HAS reports whether this kernel has the member.
#define HAS(type, m) __builtin_preserve_field_info(((type *)0)->m, 2)

enum { SYSCALL = 1, EXEC, FORK, EXIT, MKDIR, RMDIR, FOUND };

// What the wanted table says of an argument.
enum { NOTHING, TEXT, PATH, PATH_AT, SOCKADDR, MSGHDR, OPEN_HOW, DESCRIPTOR, RETURNED, BUFFER, SOCKADDR_OUT };

// Tags of the records that follow an event. Those of arguments are the index of
// the argument, and BASE more for the folder that a relative path starts in.
enum { BASE = 8, ARGV = 16, EXE, CWD, ADDRESS, HOW, FD, GROUP_PATH, FD_PATH, FILENAME, ENV, PROGRAM, DATA_READ };

#define DATA 16384
#define STEP 4096 // the longest record
#define PARTS 20  // folders of a path
#define LAG 1048576 // bytes that wait when the reader is woken
enum { NO_WAKEUP = 1, FORCE_WAKEUP }; // bpf_ringbuf_output

struct event {
	u64 time, cgroup, start, cap_effective, cap_permitted, cap_inheritable;
	s64 ret;
	u64 args[6];
	u32 kind;
	s32 nr;
	u32 pid, tid, ppid, vpid, sid, tty;
	u32 uid, gid, euid, loginuid, flags;
	u32 size; // of the records
	u32 vpgid, pgid;
	char comm[16];
};

enum { UPPER = 1, MEMFD = 2, TTY = 4, LOWER = 8 };

struct scratch {
	struct event e;
	u8 data[DATA];
	u64 task; // the event is about
};

// A wanted says what to read of a system call, by argument.
struct wanted { u8 on, args[6], unused; };

struct fact {
	u32 mode;
	u16 family, type, protocol, lport, rport, state;
	u8 local[16], remote[16];
	u64 inode;
	u32 device, unused;
};

// A program is the file that runs.
struct program {
	u64 inode;
	s64 ctime, mtime; // nanoseconds since 1970
	u32 mode, uid, gid, unused;
};

struct { UINT(type, 27); UINT(max_entries, 8388608); } ring SEC(".maps");
struct { UINT(type, 6); UINT(max_entries, 1); u32 *key; struct scratch *value; } scratch SEC(".maps");
struct { UINT(type, 6); UINT(max_entries, 2); u32 *key; u64 *value; } counts SEC(".maps");
struct { UINT(type, 2); UINT(max_entries, 512); u32 *key; struct wanted *value; } table SEC(".maps");
// Control groups whose system calls nobody wants.
struct { UINT(type, 1); UINT(max_entries, 65536); UINT(map_flags, 1); u64 *key; u8 *value; } muted SEC(".maps");

volatile const u32 self;        // the process that reads, whose own calls are nobody's business
volatile const u32 environment; // whether rules look at it

// The functions that are not static are checked on their own, and so take numbers
// only: what they work on is in the scratch.
inline struct scratch *work(void)
{
	u32 zero = 0;
	return lookup(&scratch, &zero);
}

inline void count(u32 which)
{
	u64 *n = lookup(&counts, &which);
	if (n)
		*n += 1;
}

// send gives the event to the reader, or counts it as dropped.
inline void send(struct scratch *s)
{
	u32 n = s->e.size;
	count(0);
	if (n > DATA - 1)
		n = DATA - 1;
	asm volatile("" : "+r"(n));
	n &= DATA - 1;
	// The reader looks by itself, many times a second: waking it for every event
	// would cost the program that made the call more than the event does.
	if (output(&ring, s, sizeof(struct event) + n, query(&ring, 0) > LAG ? FORCE_WAKEUP : NO_WAKEUP))
		count(1);
}

// room returns where the next record's text goes, or 0.
inline u8 *room(struct scratch *s)
{
	u32 at = s->e.size;
	if (at > DATA - STEP - 4)
		return 0;
	asm volatile("" : "+r"(at));
	at &= DATA - 1;
	if (at > DATA - STEP - 4)
		return 0;
	return &s->data[at];
}

// close ends a record of n bytes.
inline void close(struct scratch *s, u8 *at, u32 tag, u32 n)
{
	at[0] = tag;
	at[1] = n;
	at[2] = n >> 8;
	s->e.size += 3 + n;
}

inline void text(struct scratch *s, u32 tag, const void *from)
{
	u8 *at = room(s);
	if (!at)
		return;
	long n = read_user_text(at + 3, STEP - 3, from);
	if (n > 0)
		close(s, at, tag, n);
}

inline void bytes(struct scratch *s, u32 tag, const void *from, u64 size)
{
	u8 *at = room(s);
	u32 n = size > STEP - 4 ? STEP - 4 : size;
	if (!at)
		return;
	asm volatile("" : "+r"(n));
	n &= STEP - 1;
	if (n > STEP - 4)
		return;
	if (!read_user(at + 3, n, from))
		close(s, at, tag, n);
}

// location writes the names of the folders of a path, the last first, each with
// its zero, up to the root that the task sees.
__attribute__((noinline)) int location(u32 tag, u64 dentry, u64 vfsmount)
{
	struct scratch *s = work();
	struct dentry *d = (void *)dentry;
	struct vfsmount *m = (void *)vfsmount;
	struct fs_struct *fs = 0;
	struct dentry *top = 0, *parent = 0, *mounted = 0;
	struct vfsmount *top_mount = 0;
	struct mount *mnt, *up = 0;

	if (!s)
		return 0;
	struct task_struct *t = (void *)s->task;
	MEMBER(fs, t, fs);
	MEMBER(top, fs, root.dentry);
	MEMBER(top_mount, fs, root.mnt);
	for (int i = 0; i < PARTS; i++) {
		if (d == top && m == top_mount)
			break;
		MEMBER(parent, d, d_parent);
		MEMBER(mounted, m, mnt_root);
		if (d == mounted) {
			mnt = (void *)m - __builtin_preserve_field_info(((struct mount *)0)->mnt, 0);
			MEMBER(up, mnt, mnt_parent);
			if (up == mnt)
				break;
			MEMBER(d, mnt, mnt_mountpoint);
			m = &up->mnt;
			continue;
		}
		const u8 *name = 0;
		MEMBER(name, d, d_name.name);
		u8 *at = room(s);
		if (!at)
			break;
		long n = read_kernel_text(at + 3, 256, name);
		if (n <= 0)
			break;
		close(s, at, tag, n);
		if (d == parent) // in no folder: a memory file
			break;
		d = parent;
	}
	// An empty record says that the path is there: it is / where it has no names.
	u8 *at = room(s);
	if (at)
		close(s, at, tag, 0);
	return 0;
}

inline struct file *file_of(struct task_struct *t, s32 fd)
{
	struct files_struct *files = 0;
	struct fdtable *fdt = 0;
	struct file **list = 0, *f = 0;
	u32 most = 0;
	MEMBER(files, t, files);
	MEMBER(fdt, files, fdt);
	MEMBER(most, fdt, max_fds);
	if (fd < 0 || (u32)fd >= most)
		return 0;
	MEMBER(list, fdt, fd);
	read_kernel(&f, sizeof f, &list[fd]);
	return f;
}

// local_path writes the path of a Unix socket: that of the other end, else its own.
__attribute__((noinline)) int local_path(u64 sock)
{
	struct scratch *s = work();
	struct unix_sock *k = (void *)sock;
	struct unix_sock *peer = 0;
	struct unix_address *a = 0;
	s32 len = 0;
	if (!s)
		return 0;
	MEMBER(peer, k, peer);
	if (peer)
		MEMBER(a, peer, addr);
	if (!a)
		MEMBER(a, k, addr);
	if (!a)
		return 0;
	MEMBER(len, a, len);
	u8 *at = room(s);
	if (!at || len <= 2)
		return 0;
	long n = read_kernel_text(at + 3, 108, (void *)&a->name + 2);
	if (n > 1)
		close(s, at, FD_PATH, n);
	return 0;
}

// descriptor writes what a descriptor is: a file's path, a socket's ends.
__attribute__((noinline)) int descriptor(s32 fd)
{
	struct scratch *s = work();
	struct task_struct *t = (void *)current_task();
	struct file *f = file_of(t, fd);
	struct inode *node = 0;
	struct fact x = {};
	u16 mode = 0;
	if (!f || !s)
		return 0;
	MEMBER(node, f, f_inode);
	MEMBER(mode, node, i_mode);
	x.mode = mode;
	unsigned long inode = 0;
	struct super_block *sb = 0;
	MEMBER(inode, node, i_ino);
	x.inode = inode;
	MEMBER(sb, node, i_sb);
	MEMBER(x.device, sb, s_dev);
	if ((mode & 0170000) == 0140000) {
		struct socket *socket = 0;
		struct sock *k = 0;
		MEMBER(socket, f, private_data);
		MEMBER(k, socket, sk);
		MEMBER(x.type, socket, type);
		MEMBER(x.family, k, __sk_common.skc_family);
		MEMBER(x.lport, k, __sk_common.skc_num);
		MEMBER(x.rport, k, __sk_common.skc_dport);
		MEMBER(x.protocol, k, sk_protocol);
		u8 state = 0;
		MEMBER(state, k, __sk_common.skc_state);
		x.state = state;
		if (x.family == 1)
			local_path((u64)k);
		if (x.family == 2) {
			read_kernel(x.local, 4, &k->__sk_common.skc_rcv_saddr);
			read_kernel(x.remote, 4, &k->__sk_common.skc_daddr);
		} else if (x.family == 10) {
			read_kernel(x.local, 16, &k->__sk_common.skc_v6_rcv_saddr);
			read_kernel(x.remote, 16, &k->__sk_common.skc_v6_daddr);
		}
	}
	u8 *at = room(s);
	if (at) {
		read_kernel(at + 3, sizeof x, &x);
		close(s, at, FD, sizeof x);
	}
	if ((mode & 0170000) != 0140000) {
		struct dentry *d = 0;
		struct vfsmount *m = 0;
		MEMBER(d, f, f_path.dentry);
		MEMBER(m, f, f_path.mnt);
		location(FD_PATH, (u64)d, (u64)m);
	}
	return 0;
}

// base writes the folder that the relative path at from starts in.
__attribute__((noinline)) int base(u32 i, s32 dir)
{
	struct task_struct *t = (void *)current_task();
	struct dentry *d = 0;
	struct vfsmount *m = 0;
	if (dir == -100) {
		struct fs_struct *fs = 0;
		MEMBER(fs, t, fs);
		MEMBER(d, fs, pwd.dentry);
		MEMBER(m, fs, pwd.mnt);
	} else {
		struct file *f = file_of(t, dir);
		if (!f)
			return 0;
		MEMBER(d, f, f_path.dentry);
		MEMBER(m, f, f_path.mnt);
	}
	return location(BASE + i, (u64)d, (u64)m);
}

// group_of returns the control group that tells containers apart.
inline u64 group_of(struct task_struct *t)
{
	struct css_set *set = 0;
	MEMBER(set, t, cgroups);
	return number_of(group_in(set));
}

// number_in returns a process's number in its own namespace.
inline u32 number_in(struct pid *pid)
{
	struct upid u = {};
	u32 level = 0;
	MEMBER(level, pid, level);
	if (level < 32)
		read_kernel(&u, sizeof u, (void *)&pid->numbers[0] + level * sizeof(struct upid));
	return u.nr;
}

// begin fills in what every event has.
inline struct scratch *begin(u32 kind, struct task_struct *t)
{
	struct scratch *s = work();
	if (!s)
		return 0;
	struct task_struct *parent = 0, *leader = 0;
	const struct cred *cred = 0;
	struct signal_struct *signal = 0;
	struct tty_struct *tty = 0;
	struct pid *pid = 0;
	struct event *e = &s->e;

	s->task = (u64)t;
	e->kind = kind;
	e->nr = -1;
	e->ret = 0;
	e->size = 0;
	e->flags = 0;
	e->tty = 0;
	e->sid = 0;
	e->vpid = 0;
	e->time = ktime();
	e->cgroup = kind == SYSCALL && subsystem < 0 ? current_cgroup() : group_of(t);
	// Neighbours are read together: most of the time goes into reading.
	s32 ids[2] = {};      // pid, tgid
	u32 users[5] = {};    // uid, gid, suid, sgid, euid
	u64 caps[3] = {};     // inheritable, permitted, effective
	struct pid *groups[2] = {}; // process group, session
	read_kernel(ids, sizeof ids, &t->pid);
	e->tid = ids[0];
	e->pid = ids[1];
	MEMBER(parent, t, real_parent);
	MEMBER(e->ppid, parent, tgid);
	MEMBER(leader, t, group_leader);
	MEMBER(e->start, leader, start_boottime);
	MEMBER(cred, t, cred);
	read_kernel(users, sizeof users, &cred->uid);
	e->uid = users[0];
	e->gid = users[1];
	e->euid = users[4];
	// Eight bytes each: their type is not the same everywhere.
	read_kernel(caps, sizeof caps, &cred->cap_inheritable);
	e->cap_inheritable = caps[0];
	e->cap_permitted = caps[1];
	e->cap_effective = caps[2];
	MEMBER(e->loginuid, t, loginuid.val);
	MEMBER(signal, t, signal);
	MEMBER(tty, signal, tty);
	if (tty) {
		MEMBER(e->tty, tty, index);
		e->flags |= TTY;
	}
	read_kernel(groups, sizeof groups, &signal->pids[2]);
	MEMBER(e->sid, groups[1], numbers[0].nr);
	MEMBER(e->pgid, groups[0], numbers[0].nr);
	e->vpgid = number_in(groups[0]);
	MEMBER(pid, leader, thread_pid);
	e->vpid = number_in(pid);
	MEMBER(e->comm, t, comm);
	return s;
}

inline int ours(void) { return current_pid_tgid() >> 32 == self; }

__attribute__((noinline)) int argument(u32 i, u32 kind)
{
	struct scratch *s = work();
	if (!s || i > 5)
		return 0;
	u64 v = s->e.args[i];
	u8 first = 0;
	switch (kind) {
	case TEXT:
		text(s, i, (void *)v);
		break;
	case PATH:
	case PATH_AT:
		text(s, i, (void *)v);
		read_user(&first, 1, (void *)v);
		if (first && first != '/')
			base(i, kind == PATH || i == 0 ? -100 : (s32)s->e.args[(i - 1) & 3]);
		break;
	case SOCKADDR:
		if (v) {
			u64 size = s->e.args[i == 1 ? 2 : 5];
			bytes(s, ADDRESS, (void *)v, size > 128 ? 128 : size);
		}
		break;
	case MSGHDR: {
		struct { u64 name; u32 size; } h = {};
		read_user(&h, 12, (void *)v);
		if (h.name)
			bytes(s, ADDRESS, (void *)h.name, h.size > 128 ? 128 : h.size);
		break;
	}
	case OPEN_HOW:
		bytes(s, HOW, (void *)v, 16);
		break;
	case DESCRIPTOR:
		descriptor((s32)v);
		break;
	case RETURNED:
		if (s->e.ret >= 0)
			descriptor((s32)s->e.ret);
		break;
	case BUFFER:
		if (s->e.ret > 0)
			bytes(s, DATA_READ, (void *)v, s->e.ret > 256 ? 256 : s->e.ret);
		break;
	case SOCKADDR_OUT:
		if (v && s->e.ret >= 0) {
			u32 size = 0;
			read_user(&size, 4, (void *)s->e.args[i == 1 ? 2 : 5]);
			bytes(s, ADDRESS, (void *)v, size > 128 ? 128 : size);
		}
		break;
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int sys_exit(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	u64 nr = 0;
	MEMBER(nr, regs, orig_ax);
	if (nr > 511)
		return 0;
	u32 key = nr;
	struct wanted *w = lookup(&table, &key);
	if (!w || !w->on || ours())
		return 0;
	u64 group = subsystem < 0 ? current_cgroup() : group_of((void *)current_task());
	if (lookup(&muted, &group))
		return 0;
	if (compat(current_task()))
		return 0;
	s64 ret = ctx[1];
	if (ret == 0 && (nr == 59 || nr == 322)) // its program is another now: sched_process_exec tells
		return 0;
	struct scratch *s = begin(SYSCALL, (void *)current_task());
	if (!s)
		return 0;
	s->e.nr = nr;
	s->e.ret = ret;
	MEMBER(s->e.args[0], regs, di);
	MEMBER(s->e.args[1], regs, si);
	MEMBER(s->e.args[2], regs, dx);
	MEMBER(s->e.args[3], regs, r10);
	MEMBER(s->e.args[4], regs, r8);
	MEMBER(s->e.args[5], regs, r9);
	argument(0, w->args[0]);
	argument(1, w->args[1]);
	argument(2, w->args[2]);
	argument(3, w->args[3]);
	argument(4, w->args[4]);
	send(s);
	return 0;
}

// program writes what is to be known of the file that a task runs.
__attribute__((noinline)) int program(void)
{
	struct scratch *s = work();
	struct mm_struct *mm = 0;
	struct file *f = 0;
	struct dentry *d = 0;
	struct vfsmount *m = 0;
	struct inode *node = 0;
	struct super_block *sb = 0;
	struct program p = {};
	u64 magic = 0;
	u32 links = 1, ns = 0;
	u16 mode = 0;
	unsigned long inode = 0;
	if (!s)
		return 0;
	struct task_struct *t = (void *)s->task;
	MEMBER(mm, t, mm);
	MEMBER(f, mm, exe_file);
	if (!f)
		return 0;
	MEMBER(d, f, f_path.dentry);
	MEMBER(m, f, f_path.mnt);
	MEMBER(node, f, f_inode);
	MEMBER(links, node, i_nlink);
	MEMBER(sb, node, i_sb);
	MEMBER(magic, sb, s_magic);
	if (magic == 0x794c7630) {
		// An overlay's inode is followed by the dentry of its upper layer.
		struct dentry *upper = 0;
		read_kernel(&upper, sizeof upper, (void *)node + __builtin_preserve_type_info(*(struct inode *)0, 1));
		s->e.flags |= upper ? UPPER : LOWER;
	}
	if (!links)
		s->e.flags |= MEMFD;
	MEMBER(inode, node, i_ino);
	MEMBER(mode, node, i_mode);
	MEMBER(p.uid, node, i_uid.val);
	MEMBER(p.gid, node, i_gid.val);
	p.inode = inode;
	p.mode = mode;
	if (HAS(struct inode, i_ctime_sec)) {
		MEMBER(p.ctime, node, i_ctime_sec);
		MEMBER(ns, node, i_ctime_nsec);
		p.ctime = p.ctime * 1000000000 + ns;
		MEMBER(p.mtime, node, i_mtime_sec);
		MEMBER(ns, node, i_mtime_nsec);
		p.mtime = p.mtime * 1000000000 + ns;
	} else {
		struct timespec64 c = {}, w = {};
		if (HAS(struct inode, __i_ctime))
			read_kernel(&c, 16, &node->__i_ctime);
		else if (HAS(struct inode, i_ctime))
			read_kernel(&c, 16, &node->i_ctime);
		if (HAS(struct inode, __i_mtime))
			read_kernel(&w, 16, &node->__i_mtime);
		else if (HAS(struct inode, i_mtime))
			read_kernel(&w, 16, &node->i_mtime);
		p.ctime = ((s64 *)&c)[0] * 1000000000 + ((s64 *)&c)[1];
		p.mtime = ((s64 *)&w)[0] * 1000000000 + ((s64 *)&w)[1];
	}
	u8 *at = room(s);
	if (at) {
		read_kernel(at + 3, sizeof p, &p);
		close(s, at, PROGRAM, sizeof p);
	}
	location(EXE, (u64)d, (u64)m);
	struct fs_struct *fs = 0;
	MEMBER(fs, t, fs);
	MEMBER(d, fs, pwd.dentry);
	MEMBER(m, fs, pwd.mnt);
	location(CWD, (u64)d, (u64)m);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int process_exec(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	struct linux_binprm *bprm = (void *)ctx[2];
	struct scratch *s = begin(EXEC, t);
	struct mm_struct *mm = 0;
	unsigned long from = 0, to = 0;
	if (!s)
		return 0;
	program(); // first: what a process chooses freely must not leave it without room
	MEMBER(mm, t, mm);
	MEMBER(from, mm, arg_start);
	MEMBER(to, mm, arg_end);
	if (to > from)
		bytes(s, ARGV, (void *)from, to - from);
	const char *name = 0;
	MEMBER(name, bprm, filename);
	u8 *at = room(s);
	if (at) {
		long n = read_kernel_text(at + 3, STEP - 3, name);
		if (n > 0)
			close(s, at, FILENAME, n);
	}
	if (environment) {
		MEMBER(from, mm, env_start);
		MEMBER(to, mm, env_end);
		if (to > from)
			bytes(s, ENV, (void *)from, to - from);
	}
	send(s);
	return 0;
}

// found writes a process that runs already to who reads the iterator.
SEC("iter/task")
int found(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	s32 pid = 0, tgid = 0;
	if (!t)
		return 0;
	MEMBER(pid, t, pid);
	MEMBER(tgid, t, tgid);
	if (pid != tgid)
		return 0;
	struct scratch *s = begin(FOUND, t);
	if (!s)
		return 0;
	program();
	u32 n = s->e.size;
	if (n > DATA - 1)
		n = DATA - 1;
	asm volatile("" : "+r"(n));
	n &= DATA - 1;
	write_seq(ctx->meta->seq, s, sizeof(struct event) + n);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int process_fork(u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	s32 pid = 0, tgid = 0;
	MEMBER(pid, child, pid);
	MEMBER(tgid, child, tgid);
	if (pid != tgid) // a thread
		return 0;
	struct scratch *s = begin(FORK, child);
	if (s)
		send(s);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int process_exit(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	s32 pid = 0, tgid = 0;
	MEMBER(pid, t, pid);
	MEMBER(tgid, t, tgid);
	if (pid != tgid)
		return 0;
	struct scratch *s = begin(EXIT, t);
	if (s)
		send(s);
	return 0;
}

// group_changed tells of a control group that is made or goes.
inline int group_changed(u32 kind, struct cgroup *g, const void *path)
{
	if (elsewhere(g))
		return 0;
	struct scratch *s = begin(kind, (void *)current_task());
	if (!s)
		return 0;
	s->e.cgroup = number_of(g);
	u8 *at = room(s);
	if (!at)
		return 0;
	long n = read_kernel_text(at + 3, 1024, path);
	if (n > 0)
		close(s, at, GROUP_PATH, n);
	send(s);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int group_mkdir(u64 *ctx) { return group_changed(MKDIR, (void *)ctx[0], (void *)ctx[1]); }

SEC("tp_btf/cgroup_rmdir")
int group_rmdir(u64 *ctx) { return group_changed(RMDIR, (void *)ctx[0], (void *)ctx[1]); }
