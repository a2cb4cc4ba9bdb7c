// The sensor's programs: they run in the kernel at the end of every system call
// and at the start, the change and the end of every process, and write what the
// loaded rules can use to a ring buffer. Everything the kernel's version may
// move is reached through CO-RE: the structures below name only the members that
// are read, and their places are put in when the object is loaded.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef int s32;

#define SEC(name) __attribute__((section(name), used))
#define inline static inline __attribute__((always_inline))
#define CORE __attribute__((preserve_access_index))

// The helpers by number, bpf(2).
static void *(*const lookup)(void *map, const void *key) = (void *)1;
static u64 (*const ktime)(void) = (void *)125; // boot time, 5.8
static u64 (*const current_pid_tgid)(void) = (void *)14;
static u64 (*const current_task)(void) = (void *)35;
static u64 (*const current_cgroup)(void) = (void *)80;
static long (*const read_user)(void *to, u32 size, const void *from) = (void *)112;
static long (*const read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*const read_user_text)(void *to, u32 size, const void *from) = (void *)114;
static long (*const read_kernel_text)(void *to, u32 size, const void *from) = (void *)115;
static long (*const output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;

char LICENSE[] SEC("license") = "GPL";

// Members of the kernel's structures.
struct qstr { u32 len; const u8 *name; } CORE;
struct super_block { u64 s_magic; } CORE;
struct inode { u16 i_mode; u32 i_nlink; struct super_block *i_sb; } CORE;
struct dentry { struct dentry *d_parent; struct qstr d_name; struct inode *d_inode; } CORE;
struct vfsmount { struct dentry *mnt_root; } CORE;
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; } CORE;
struct path { struct vfsmount *mnt; struct dentry *dentry; } CORE;
struct file { struct path f_path; struct inode *f_inode; void *private_data; } CORE;
struct fdtable { u32 max_fds; struct file **fd; } CORE;
struct files_struct { struct fdtable *fdt; } CORE;
struct fs_struct { struct path root; struct path pwd; } CORE;
struct mm_struct { unsigned long arg_start; unsigned long arg_end; struct file *exe_file; } CORE;
typedef struct { u32 val; } kuid_t;
typedef struct { u32 val; } kgid_t;
struct capset { u64 val; };
struct cred { kuid_t uid; kgid_t gid; kuid_t euid; struct capset cap_permitted, cap_effective; } CORE;
struct tty_struct { s32 index; } CORE;
struct pid_namespace { u32 level; } CORE;
struct upid { s32 nr; struct pid_namespace *ns; } CORE;
struct pid { u32 level; struct upid numbers[1]; } CORE;
struct signal_struct { struct tty_struct *tty; struct pid *pids[4]; } CORE;
struct task_struct {
	s32 pid, tgid;
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
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} CORE;
struct sock { struct sock_common __sk_common; u16 sk_protocol; u16 sk_type; } CORE;
struct socket { u16 type; struct sock *sk; } CORE;
struct kernfs_node { u64 id; } CORE;
struct cgroup_root { s32 hierarchy_id; } CORE;
struct cgroup { struct kernfs_node *kn; struct cgroup_root *root; } CORE;
struct linux_binprm { const char *filename; } CORE;
struct pt_regs { unsigned long r10, r9, r8, dx, si, di, orig_ax, cs; } CORE;

// MEMBER reads p->m, wherever this kernel has it.
#define MEMBER(to, p, m) read_kernel(&(to), sizeof(to), &(p)->m)

enum { SYSCALL = 1, EXEC, FORK, EXIT, MKDIR };

// What the wanted table says of an argument.
enum { NOTHING, TEXT, PATH, PATH_AT, SOCKADDR, MSGHDR, OPEN_HOW, DESCRIPTOR };

// Tags of the records that follow an event. Those of arguments are the index of
// the argument, and BASE more for the folder that a relative path starts in.
enum { BASE = 8, ARGV = 16, EXE, CWD, ADDRESS, HOW, FD, GROUP_PATH, FD_PATH, FILENAME };

#define DATA 16384
#define STEP 4096 // the longest record
#define PARTS 20  // folders of a path

struct event {
	u64 time, cgroup, start, cap_effective, cap_permitted;
	s64 ret;
	u64 args[6];
	u32 kind;
	s32 nr;
	u32 pid, tid, ppid, vpid, sid, tty;
	u32 uid, gid, euid, loginuid, flags;
	u32 size; // of the records
	char comm[16];
};

enum { UPPER = 1, MEMFD = 2, TTY = 4 };

struct scratch {
	struct event e;
	u8 data[DATA];
};

// A wanted says what to read of a system call, by argument.
struct wanted { u8 on, args[6], unused; };

struct fact {
	u32 mode;
	u16 family, type, protocol, lport, rport, unused;
	u8 local[16], remote[16];
};

// Maps as BTF describes them.
#define UINT(name, value) int(*name)[value]
struct { UINT(type, 27); UINT(max_entries, 8388608); } ring SEC(".maps");
struct { UINT(type, 6); UINT(max_entries, 1); u32 *key; struct scratch *value; } scratch SEC(".maps");
struct { UINT(type, 6); UINT(max_entries, 2); u32 *key; u64 *value; } counts SEC(".maps");
struct { UINT(type, 2); UINT(max_entries, 512); u32 *key; struct wanted *value; } table SEC(".maps");

volatile const u32 self; // the process that reads, whose own calls are nobody's business

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
	if (output(&ring, s, sizeof(struct event) + n, 0))
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
static __attribute__((noinline)) int location(struct scratch *s, u32 tag, struct dentry *d, struct vfsmount *m)
{
	struct task_struct *t = (void *)current_task();
	struct fs_struct *fs = 0;
	struct dentry *top = 0, *parent = 0, *mounted = 0;
	struct vfsmount *top_mount = 0;
	struct mount *mnt, *up = 0;

	MEMBER(fs, t, fs);
	MEMBER(top, fs, root.dentry);
	MEMBER(top_mount, fs, root.mnt);
	for (int i = 0; i < PARTS; i++) {
		if (d == top && m == top_mount)
			break;
		MEMBER(parent, d, d_parent);
		MEMBER(mounted, m, mnt_root);
		if (d == mounted || d == parent) {
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

// descriptor writes what a descriptor is: a file's path, a socket's ends.
static __attribute__((noinline)) int descriptor(struct scratch *s, s32 fd)
{
	struct task_struct *t = (void *)current_task();
	struct file *f = file_of(t, fd);
	struct inode *node = 0;
	struct fact x = {};
	u16 mode = 0;
	if (!f)
		return 0;
	MEMBER(node, f, f_inode);
	MEMBER(mode, node, i_mode);
	x.mode = mode;
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
		location(s, FD_PATH, d, m);
	}
	return 0;
}

// base writes the folder that the relative path at from starts in.
static __attribute__((noinline)) int base(struct scratch *s, u32 i, s32 dir)
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
	return location(s, BASE + i, d, m);
}

// begin fills in what every event has.
inline struct scratch *begin(u32 kind, struct task_struct *t)
{
	u32 zero = 0;
	struct scratch *s = lookup(&scratch, &zero);
	if (!s)
		return 0;
	struct task_struct *parent = 0, *leader = 0;
	const struct cred *cred = 0;
	struct signal_struct *signal = 0;
	struct tty_struct *tty = 0;
	struct pid *pid = 0;
	u32 level = 0;
	struct event *e = &s->e;

	e->kind = kind;
	e->nr = -1;
	e->ret = 0;
	e->size = 0;
	e->flags = 0;
	e->tty = 0;
	e->sid = 0;
	e->vpid = 0;
	e->time = ktime();
	e->cgroup = current_cgroup();
	MEMBER(e->pid, t, tgid);
	MEMBER(e->tid, t, pid);
	MEMBER(parent, t, real_parent);
	MEMBER(e->ppid, parent, tgid);
	MEMBER(leader, t, group_leader);
	MEMBER(e->start, leader, start_boottime);
	MEMBER(cred, t, cred);
	MEMBER(e->uid, cred, uid.val);
	MEMBER(e->gid, cred, gid.val);
	MEMBER(e->euid, cred, euid.val);
	// Eight bytes at the member's place: its type is not the same everywhere.
	read_kernel(&e->cap_effective, 8, &cred->cap_effective);
	read_kernel(&e->cap_permitted, 8, &cred->cap_permitted);
	MEMBER(e->loginuid, t, loginuid.val);
	MEMBER(signal, t, signal);
	MEMBER(tty, signal, tty);
	if (tty) {
		MEMBER(e->tty, tty, index);
		e->flags |= TTY;
	}
	MEMBER(pid, signal, pids[3]);
	MEMBER(e->sid, pid, numbers[0].nr);
	MEMBER(pid, leader, thread_pid);
	MEMBER(level, pid, level);
	struct upid u = {};
	if (level < 32)
		read_kernel(&u, sizeof u, (void *)&pid->numbers[0] + level * sizeof(struct upid));
	e->vpid = u.nr;
	MEMBER(e->comm, t, comm);
	return s;
}

inline int ours(void) { return current_pid_tgid() >> 32 == self; }

inline void argument(struct scratch *s, u32 i, u32 kind)
{
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
			base(s, i, kind == PATH || i == 0 ? -100 : (s32)s->e.args[(i - 1) & 3]);
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
		bytes(s, HOW, (void *)v, 8);
		break;
	case DESCRIPTOR:
		descriptor(s, (s32)v);
		break;
	}
}

SEC("tp_btf/sys_exit")
int sys_exit(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	u64 nr = 0, cs = 0;
	MEMBER(nr, regs, orig_ax);
	if (nr > 511)
		return 0;
	u32 key = nr;
	struct wanted *w = lookup(&table, &key);
	if (!w || !w->on || ours())
		return 0;
	MEMBER(cs, regs, cs);
	if (cs == 0x23) // a 32-bit program, whose calls have other numbers
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
	argument(s, 0, w->args[0]);
	argument(s, 1, w->args[1]);
	argument(s, 2, w->args[2]);
	argument(s, 3, w->args[3]);
	argument(s, 4, w->args[4]);
	send(s);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int process_exec(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	struct scratch *s = begin(EXEC, t);
	struct mm_struct *mm = 0;
	struct file *f = 0;
	unsigned long from = 0, to = 0;
	if (!s)
		return 0;
	MEMBER(mm, t, mm);
	MEMBER(from, mm, arg_start);
	MEMBER(to, mm, arg_end);
	if (to > from)
		bytes(s, ARGV, (void *)from, to - from);
	MEMBER(f, mm, exe_file);
	struct dentry *d = 0;
	struct vfsmount *m = 0;
	struct inode *node = 0;
	struct super_block *sb = 0;
	u64 magic = 0;
	u32 links = 1;
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
		if (upper)
			s->e.flags |= UPPER;
	}
	if (!links)
		s->e.flags |= MEMFD;
	location(s, EXE, d, m);
	struct fs_struct *fs = 0;
	MEMBER(fs, t, fs);
	MEMBER(d, fs, pwd.dentry);
	MEMBER(m, fs, pwd.mnt);
	location(s, CWD, d, m);
	send(s);
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

SEC("tp_btf/cgroup_mkdir")
int group_mkdir(u64 *ctx)
{
	struct cgroup *g = (void *)ctx[0];
	struct cgroup_root *root = 0;
	struct kernfs_node *kn = 0;
	s32 id = -1;
	MEMBER(root, g, root);
	MEMBER(id, root, hierarchy_id);
	if (id != 0) // version 1, whose ids are others
		return 0;
	struct scratch *s = begin(MKDIR, (void *)current_task());
	if (!s)
		return 0;
	MEMBER(kn, g, kn);
	MEMBER(s->e.cgroup, kn, id);
	u8 *at = room(s);
	if (!at)
		return 0;
	long n = read_kernel_text(at + 3, 1024, (void *)ctx[1]);
	if (n > 0)
		close(s, at, GROUP_PATH, n);
	send(s);
	return 0;
}
