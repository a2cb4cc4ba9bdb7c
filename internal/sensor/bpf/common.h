// What the programs share: types, the helpers by number (bpf(2)), and the
// structures of the kernel that tell control groups apart. Everything the
// kernel's version may move is reached through CO-RE: structures name only the
// members that are read, and their places are put in when the object is loaded.

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef int s32;

#define SEC(name) __attribute__((section(name), used))
#define inline static inline __attribute__((always_inline))
#define CORE __attribute__((preserve_access_index))

static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static u64 (*const current_pid_tgid)(void) = (void *)14;
static long (*const current_comm)(void *to, u32 size) = (void *)16;
static u64 (*const current_task)(void) = (void *)35;
static u64 (*const current_cgroup)(void) = (void *)80;
static long (*const send_signal)(u32 sig) = (void *)109;
static long (*const read_user)(void *to, u32 size, const void *from) = (void *)112;
static long (*const read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*const read_user_text)(void *to, u32 size, const void *from) = (void *)114;
static long (*const read_kernel_text)(void *to, u32 size, const void *from) = (void *)115;
static u64 (*const ktime)(void) = (void *)125; // boot time, 5.8
static long (*const write_seq)(void *seq, const void *data, u32 size) = (void *)127;
static long (*const output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static u64 (*const query)(void *ring, u64 what) = (void *)134;
static long (*const path_of)(void *path, char *to, u32 size) = (void *)147;

char LICENSE[] SEC("license") = "GPL";

struct kernfs_node { u64 id; const char *name; } CORE;
struct cgroup_root { s32 hierarchy_id; u32 subsys_mask; } CORE;
struct cgroup_subsys_state { struct cgroup *cgroup; struct cgroup_subsys_state *parent; } CORE;
struct cgroup { struct cgroup_subsys_state self; struct kernfs_node *kn; struct cgroup_root *root; } CORE;
struct css_set { struct cgroup_subsys_state *subsys[1]; struct cgroup *dfl_cgrp; } CORE;

struct thread_info { u32 status; } CORE;
struct task_struct___x86 { struct thread_info thread_info; } CORE;

// MEMBER reads p->m, wherever this kernel has it.
#define MEMBER(to, p, m) read_kernel(&(to), sizeof(to), &(p)->m)

// Maps as BTF describes them.
#define UINT(name, value) int(*name)[value]

volatile const s32 subsystem = -1; // whose version 1 hierarchy tells containers apart; -1 for version 2

// compat reports whether the call that a task is in is one of 32 bits, whose
// number means another call: a program of 64 bits can make such, too.
inline int compat(u64 task)
{
	u32 status = 0;
	MEMBER(status, (struct task_struct___x86 *)task, thread_info.status);
	return status >> 1 & 1; // TS_COMPAT
}

// group_in returns the control group, of those of a task, that tells containers apart.
inline struct cgroup *group_in(struct css_set *set)
{
	struct cgroup *g = 0;
	struct cgroup_subsys_state *css = 0;
	if (subsystem < 0) {
		MEMBER(g, set, dfl_cgrp);
	} else {
		read_kernel(&css, sizeof css, (void *)&set->subsys + (subsystem & 31) * sizeof css);
		MEMBER(g, css, cgroup);
	}
	return g;
}

inline u64 number_of(struct cgroup *g)
{
	struct kernfs_node *kn = 0;
	u64 id = 0;
	MEMBER(kn, g, kn);
	MEMBER(id, kn, id);
	return id;
}

// elsewhere reports whether a control group is of another hierarchy, whose groups
// may have the same numbers.
inline int elsewhere(struct cgroup *g)
{
	struct cgroup_root *root = 0;
	s32 id = -1;
	u32 mask = 0;
	MEMBER(root, g, root);
	MEMBER(id, root, hierarchy_id);
	MEMBER(mask, root, subsys_mask);
	return subsystem < 0 ? id != 0 : id == 0 || !(mask >> (subsystem & 31) & 1);
}
