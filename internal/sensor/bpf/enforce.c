// The enforcer's programs. Those for connections run in the kernel where a
// process of one control group connects or sends to an address that it names;
// what they return decides whether it may. Those for programs refuse what is not
// of the image where the kernel asks its security modules; where it does not ask
// BPF, one runs when a process has changed its program, and kills it.

#include "common.h"

struct super_block { u64 s_magic; } CORE;
struct inode { u32 i_nlink; struct super_block *i_sb; } CORE;
struct qstr { const u8 *name; } CORE;
struct dentry { struct qstr d_name; } CORE;
struct path { struct dentry *dentry; } CORE;
struct file { struct path f_path; struct inode *f_inode; } CORE;
struct mm_struct { struct file *exe_file; } CORE;
struct ns_common { u32 inum; } CORE;
struct mnt_namespace { struct ns_common ns; } CORE;
struct nsproxy { struct mnt_namespace *mnt_ns; } CORE;
struct task_struct { struct css_set *cgroups; struct mm_struct *mm; struct nsproxy *nsproxy; } CORE;
struct linux_binprm { struct file *file; const char *filename; } CORE;

// What the kernel gives programs for socket addresses: linux/bpf.h. Only user_ip6
// is read in parts.
struct bpf_sock_addr {
	u32 user_family, user_ip4, user_ip6[4], user_port, family, type, protocol, msg_src_ip4, msg_src_ip6[4];
};

#define DEPTH 8 // of control groups below a container's

enum { AUDIT = 1, DENY };
enum { CONNECTION = 1, PROGRAM };

// A verdict tells what was found, and whether it was denied.
struct verdict {
	u64 time, group;
	u32 kind, denied, pid, port;
	u8 address[16]; // IPv4 as ::ffff:a.b.c.d
	char comm[16], name[128];
};

// An allowed is a network that may be spoken to.
struct allowed { u32 prefix; u8 address[16]; };

struct { UINT(type, 27); UINT(max_entries, 262144); } verdicts SEC(".maps");
struct { UINT(type, 11); UINT(max_entries, 1024); UINT(map_flags, 1); struct allowed *key; u8 *value; } networks SEC(".maps");
struct { UINT(type, 1); UINT(max_entries, 4096); u64 *key; u32 *value; } programs SEC(".maps"); // groups that tell containers apart, by mode
struct { UINT(type, 6); UINT(max_entries, 1); u32 *key; u64 *value; } lost SEC(".maps");

volatile const u32 machine;        // the mount namespace of the machine: runtimes come from there
volatile const u64 group;          // that the programs for connections are attached to, which are loaded once for each
volatile const u32 mode;           // and what they do

inline void tell(struct verdict *v)
{
	u32 zero = 0;
	v->time = ktime();
	v->pid = current_pid_tgid() >> 32;
	current_comm(v->comm, sizeof v->comm);
	if (output(&verdicts, v, sizeof *v, 0)) {
		u64 *n = lookup(&lost, &zero);
		if (n)
			*n += 1;
	}
}

// permitted returns 1 where the address may be spoken to, else 0.
inline int permitted(const u8 *address, u32 port)
{
	struct allowed key = {};
	struct verdict v = {};
	key.prefix = 128;
	__builtin_memcpy(key.address, address, 16);
	if (lookup(&networks, &key))
		return 1;
	v.kind = CONNECTION;
	v.group = group;
	v.denied = mode == DENY;
	v.port = port;
	__builtin_memcpy(v.address, address, 16);
	tell(&v);
	return mode != DENY;
}

inline int four(struct bpf_sock_addr *ctx)
{
	u8 address[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	u32 ip = ctx->user_ip4;
	__builtin_memcpy(address + 12, &ip, 4);
	return permitted(address, ctx->user_port);
}

inline int six(struct bpf_sock_addr *ctx)
{
	u32 address[4];
	address[0] = ctx->user_ip6[0];
	address[1] = ctx->user_ip6[1];
	address[2] = ctx->user_ip6[2];
	address[3] = ctx->user_ip6[3];
	return permitted((u8 *)address, ctx->user_port);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx) { return four(ctx); }

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx) { return six(ctx); }

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx) { return four(ctx); }

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx) { return six(ctx); }

// mode_of returns what is to be done about the programs of a task's container,
// and its control group: the task may be in one below it.
inline u32 mode_of(struct task_struct *t, u64 *found)
{
	struct css_set *set = 0;
	struct cgroup_subsys_state *up = 0;
	MEMBER(set, t, cgroups);
	struct cgroup *g = group_in(set);
	for (int i = 0; i < DEPTH && g; i++) {
		u64 id = number_of(g);
		u32 *m = lookup(&programs, &id);
		if (m) {
			*found = id;
			return *m;
		}
		up = 0;
		MEMBER(up, g, self.parent);
		g = 0;
		if (up)
			MEMBER(g, up, cgroup);
	}
	return 0;
}

// foreign reports whether a file was written by its container, or is no file at
// all: not of the image.
enum { WRITTEN = 1, NO_FILE };
inline int foreign(struct file *f)
{
	struct inode *node = 0;
	struct super_block *sb = 0;
	void *upper = 0;
	u64 magic = 0;
	u32 links = 1;
	MEMBER(node, f, f_inode);
	if (!node)
		return 0;
	MEMBER(links, node, i_nlink);
	MEMBER(sb, node, i_sb);
	MEMBER(magic, sb, s_magic);
	if (magic == 0x794c7630) // an overlay's inode is followed by the dentry of its upper layer
		read_kernel(&upper, sizeof upper, (void *)node + __builtin_preserve_type_info(*(struct inode *)0, 1));
	return upper ? WRITTEN : links ? 0 : NO_FILE;
}

// by_runtime reports whether a task is the runtime, which starts from memory, on
// its way into the container.
inline int by_runtime(struct task_struct *t)
{
	struct nsproxy *spaces = 0;
	struct mnt_namespace *mounts = 0;
	u32 space = 0;
	MEMBER(spaces, t, nsproxy);
	MEMBER(mounts, spaces, mnt_ns);
	MEMBER(space, mounts, ns.inum);
	return space == machine;
}

// program_changed kills a process whose program is not of the image. It has not
// run an instruction of it yet.
SEC("tp_btf/sched_process_exec")
int program_changed(u64 *ctx)
{
	struct task_struct *t = (void *)ctx[0];
	struct linux_binprm *bprm = (void *)ctx[2];
	struct mm_struct *mm = 0;
	struct file *f = 0;
	struct verdict v = {};
	u64 id = 0;
	u32 m = mode_of(t, &id);
	if (!m || by_runtime(t))
		return 0;
	MEMBER(mm, t, mm);
	MEMBER(f, mm, exe_file);
	if (!foreign(f))
		return 0;
	v.denied = m == DENY && !send_signal(9);
	v.kind = PROGRAM;
	v.group = id;
	const char *name = 0;
	MEMBER(name, bprm, filename);
	read_kernel_text(v.name, sizeof v.name, name);
	tell(&v);
	return 0;
}

// refused tells of a file that is not of the image, and returns what the kernel
// should answer.
inline int refused(struct file *f)
{
	struct task_struct *t = (void *)current_task();
	struct verdict v = {};
	u64 id = 0;
	u32 m = mode_of(t, &id);
	if (!m || by_runtime(t))
		return 0;
	v.denied = m == DENY;
	v.kind = PROGRAM;
	v.group = id;
	if (path_of(&f->f_path, v.name, sizeof v.name) < 0) { // it is longer
		struct dentry *d = 0;
		const u8 *name = 0;
		MEMBER(d, f, f_path.dentry);
		MEMBER(name, d, d_name.name);
		read_kernel_text(v.name, sizeof v.name, name);
	}
	tell(&v);
	return m == DENY ? -1 : 0; // EPERM
}

// program_checked is asked about every program before it is started, and about a
// script before its interpreter is.
SEC("lsm/bprm_check_security")
int program_checked(u64 *ctx)
{
	struct linux_binprm *bprm = (void *)ctx[0];
	struct file *f = bprm->file;
	return foreign(f) ? refused(f) : 0;
}

// code_checked is asked about every file that code is loaded from: libraries, and
// the program that starts, which program_checked has been asked about. Memory is
// left alone: runtimes that compile share it with themselves.
SEC("lsm/mmap_file")
int code_checked(u64 *ctx)
{
	struct file *f = (void *)ctx[0], *exe = 0;
	struct mm_struct *mm = 0;
	if (!(ctx[2] & 4) || foreign(f) != WRITTEN) // PROT_EXEC
		return 0;
	MEMBER(mm, (struct task_struct *)current_task(), mm);
	MEMBER(exe, mm, exe_file);
	return exe == f ? 0 : refused(f);
}
