// The recorder's programs: they note, for every control group made after they
// were attached, which system calls and capabilities its processes use. There is
// a byte for each, which is only ever set, so nothing can be lost and nothing has
// to be locked. See sensor.c for how structures are reached.

typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;
typedef int s32;

#define SEC(name) __attribute__((section(name), used))
#define inline static inline __attribute__((always_inline))
#define CORE __attribute__((preserve_access_index))

// The helpers by number, bpf(2).
static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*const current_comm)(void *to, u32 size) = (void *)16;
static u64 (*const current_task)(void) = (void *)35;
static u64 (*const current_cgroup)(void) = (void *)80;
static long (*const read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*const read_kernel_text)(void *to, u32 size, const void *from) = (void *)115;

char LICENSE[] SEC("license") = "GPL";

struct kernfs_node { u64 id; const char *name; } CORE;
struct cgroup_root { s32 hierarchy_id; u32 subsys_mask; } CORE;
struct cgroup { struct kernfs_node *kn; struct cgroup_root *root; } CORE;
struct cgroup_subsys_state { struct cgroup *cgroup; } CORE;
struct css_set { struct cgroup_subsys_state *subsys[1]; struct cgroup *dfl_cgrp; } CORE;
struct task_struct { struct css_set *cgroups; } CORE;
struct pt_regs { unsigned long orig_ax, cs; } CORE;

#define MEMBER(to, p, m) read_kernel(&(to), sizeof(to), &(p)->m)

#define CALLS 512
#define CAPS 64
#define NAME 96

struct usage {
	u8 runtime[CALLS]; // calls of the container runtime, before it starts the program
	u8 used[CALLS];    // calls of everything else
	u8 refused[CALLS]; // calls that seccomp answered, of everything else
	u8 given[CAPS];    // capabilities that were asked for and there
	u8 missing[CAPS];  // and those that were not there
	u8 compat;         // calls of another kind than x86-64's were made
	u8 unknown;        // calls beyond the table were made
	u8 started;        // the program runs
	char name[NAME];   // of the group
};

struct {
	int (*type)[1]; // hash
	int (*max_entries)[4096];
	int (*map_flags)[1]; // memory is taken when it is needed
	u64 *key;
	struct usage *value;
} usages SEC(".maps");

// A new entry starts as this one, which is too large for the stack.
struct {
	int (*type)[2]; // array
	int (*max_entries)[1];
	u32 *key;
	struct usage *value;
} blank SEC(".maps");

volatile const s32 subsystem = -1; // as in sensor.c

inline struct usage *mine(void)
{
	struct css_set *set = 0;
	struct cgroup *g = 0;
	struct kernfs_node *kn = 0;
	struct cgroup_subsys_state *css = 0;
	u64 id = 0;
	if (subsystem < 0) {
		id = current_cgroup();
	} else {
		MEMBER(set, (struct task_struct *)current_task(), cgroups);
		read_kernel(&css, sizeof css, (void *)&set->subsys + (subsystem & 31) * sizeof css);
		MEMBER(g, css, cgroup);
		MEMBER(kn, g, kn);
		MEMBER(id, kn, id);
	}
	return lookup(&usages, &id);
}

// by_runtime reports whether the current process is still the runtime's own: one
// of a group where no program has been run yet, or one that calls itself
// runc:[2:INIT] or crun, as docker exec starts it.
inline int by_runtime(struct usage *u)
{
	char comm[16] = {};
	if (!u->started)
		return 1;
	current_comm(comm, sizeof comm);
	return (comm[0] == 'r' && comm[1] == 'u' && comm[2] == 'n' && comm[3] == 'c' && (comm[4] == ':' || comm[4] == 0)) ||
	       (comm[0] == 'c' && comm[1] == 'r' && comm[2] == 'u' && comm[3] == 'n' && comm[4] == 0);
}

SEC("tp_btf/sys_enter")
int usage_call(u64 *ctx)
{
	struct usage *u = mine();
	if (!u)
		return 0;
	struct pt_regs *regs = (void *)ctx[0];
	u64 nr = ctx[1];
	unsigned long cs = 0;
	MEMBER(cs, regs, cs);
	if (cs == 0x23) { // 32 bits
		u->compat = 1;
		return 0;
	}
	if (nr >= CALLS) {
		u->unknown = 1; // also of the x32 kind
		return 0;
	}
	if (by_runtime(u))
		u->runtime[nr] = 1;
	else
		u->used[nr] = 1;
	return 0;
}

// What seccomp answers is not entered, but left.
SEC("tp_btf/sys_exit")
int usage_left(u64 *ctx)
{
	struct usage *u = mine();
	if (!u || (s64)ctx[1] >= 0)
		return 0;
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = 0, cs = 0;
	MEMBER(nr, regs, orig_ax);
	MEMBER(cs, regs, cs);
	if (cs == 0x23 || nr >= CALLS || by_runtime(u))
		return 0;
	asm volatile("" : "+r"(nr)); // the verifier is to see the bound
	nr &= CALLS - 1;
	if (!u->used[nr])
		u->refused[nr] = 1;
	return 0;
}

SEC("tp_btf/sched_process_exec")
int usage_exec(u64 *ctx)
{
	struct usage *u = mine();
	if (u)
		u->started = 1;
	return 0;
}

// The arguments are cred, target_ns, capable_ns, cap, ret. Kernels before 6.14
// have no such tracepoint.
SEC("tp_btf/cap_capable")
int usage_cap(u64 *ctx)
{
	struct usage *u = mine();
	u64 cap = ctx[3];
	if (!u || cap >= CAPS || by_runtime(u))
		return 0;
	if ((s32)ctx[4] == 0)
		u->given[cap] = 1;
	else
		u->missing[cap] = 1;
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int usage_group(u64 *ctx)
{
	struct cgroup *g = (void *)ctx[0];
	struct cgroup_root *root = 0;
	struct kernfs_node *kn = 0;
	const char *name = 0;
	s32 hierarchy = 0;
	u32 mask = 0, zero = 0;
	u64 id = 0;
	MEMBER(root, g, root);
	MEMBER(hierarchy, root, hierarchy_id);
	MEMBER(mask, root, subsys_mask);
	if (subsystem < 0 ? hierarchy != 0 : hierarchy == 0 || !(mask >> (subsystem & 31) & 1))
		return 0;
	MEMBER(kn, g, kn);
	MEMBER(id, kn, id);
	MEMBER(name, kn, name);
	struct usage *u = lookup(&blank, &zero);
	if (!u || update(&usages, &id, u, 1))
		return 0;
	u = lookup(&usages, &id);
	if (u)
		read_kernel_text(u->name, NAME, name);
	return 0;
}
