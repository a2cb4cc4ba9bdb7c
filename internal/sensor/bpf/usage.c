// The recorder's programs: they note, for every control group made after they
// were attached, which system calls and capabilities its processes use. There is
// a byte for each, which is only ever set, so nothing can be lost and nothing has
// to be locked.

#include "common.h"

struct task_struct { struct css_set *cgroups; } CORE;
struct pt_regs { unsigned long orig_ax; } CORE;

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

// Memory is taken when it is needed.
struct { UINT(type, 1); UINT(max_entries, 4096); UINT(map_flags, 1); u64 *key; struct usage *value; } usages SEC(".maps");
// A new entry starts as this one, which is too large for the stack.
struct { UINT(type, 2); UINT(max_entries, 1); u32 *key; struct usage *value; } blank SEC(".maps");

inline struct usage *mine(void)
{
	struct css_set *set = 0;
	u64 id = 0;
	if (subsystem < 0) {
		id = current_cgroup();
	} else {
		MEMBER(set, (struct task_struct *)current_task(), cgroups);
		id = number_of(group_in(set));
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
	u64 nr = ctx[1];
	if (compat(current_task())) {
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
	unsigned long nr = 0;
	MEMBER(nr, regs, orig_ax);
	if (compat(current_task()) || nr >= CALLS || by_runtime(u))
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

inline int asked(u64 cap, s32 answer)
{
	struct usage *u = mine();
	if (!u || cap >= CAPS || by_runtime(u))
		return 0;
	if (answer == 0)
		u->given[cap] = 1;
	else
		u->missing[cap] = 1;
	return 0;
}

// The arguments are cred, target_ns, capable_ns, cap, ret. Kernels before 6.14
// have no such tracepoint.
SEC("tp_btf/cap_capable")
int usage_cap(u64 *ctx) { return asked(ctx[3], ctx[4]); }

// Those of the function are cred, target_ns, cap, opts, and what it returns. It is
// for kernels that have not the tracepoint.
SEC("fexit/cap_capable")
int usage_capable(u64 *ctx) { return asked(ctx[2], ctx[4]); }

SEC("tp_btf/cgroup_mkdir")
int usage_group(u64 *ctx)
{
	struct cgroup *g = (void *)ctx[0];
	struct kernfs_node *kn = 0;
	const char *name = 0;
	u32 zero = 0;
	if (elsewhere(g))
		return 0;
	u64 id = number_of(g);
	MEMBER(kn, g, kn);
	MEMBER(name, kn, name);
	struct usage *u = lookup(&blank, &zero);
	if (!u || update(&usages, &id, u, 1))
		return 0;
	u = lookup(&usages, &id);
	if (u)
		read_kernel_text(u->name, NAME, name);
	return 0;
}
