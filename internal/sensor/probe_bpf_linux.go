package sensor

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"

	"bulkhead/internal/kernel"
)

func probeBTF() Probe {
	const name = "BTF"
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return fails(name, "the kernel was built without CONFIG_DEBUG_INFO_BTF: the sensor cannot find its structures")
	}
	if _, err := btf.LoadKernelSpec(); err != nil {
		return fails(name, meaning(err))
	}
	return works(name, "/sys/kernel/btf/vmlinux")
}

// A trial is a BPF program of one kind that does nothing, and how to attach it.
type trial struct {
	name   string
	spec   ebpf.ProgramSpec
	result int64 // what the program returns
	attach func(*ebpf.Program) (io.Closer, error)
	use    string // what it is good for
}

// traced is a function every kernel calls for every opened file, so that
// attaching to it proves something.
const traced = "security_file_open"

func trials() []trial {
	tracing := func(p *ebpf.Program) (io.Closer, error) {
		return link.AttachTracing(link.TracingOptions{Program: p})
	}
	return []trial{
		{"tp_btf", ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: "sys_exit"}, 0, tracing, "the sensor's system calls"},
		{"raw tracepoint", ebpf.ProgramSpec{Type: ebpf.RawTracepoint}, 0, func(p *ebpf.Program) (io.Closer, error) {
			return link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sys_exit", Program: p})
		}, "system calls without BTF"},
		{"iterator", ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceIter, AttachTo: "task"}, 0, func(p *ebpf.Program) (io.Closer, error) {
			return link.AttachIter(link.IterOptions{Program: p})
		}, "a snapshot of all processes"},
		{"fentry", ebpf.ProgramSpec{Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, AttachTo: traced}, 0, tracing, "hooks that cost nothing elsewhere"},
		{"BPF-LSM", ebpf.ProgramSpec{Type: ebpf.LSM, AttachType: ebpf.AttachLSMMac, AttachTo: "file_open"}, 0, attachLSM, "denying files, programs and capabilities"},
		{"kprobe", ebpf.ProgramSpec{Type: ebpf.Kprobe}, 0, func(p *ebpf.Program) (io.Closer, error) {
			return link.Kprobe(traced, p, nil)
		}, "hooks on older kernels"},
		{"cgroup/connect4", ebpf.ProgramSpec{Type: ebpf.CGroupSockAddr, AttachType: ebpf.AttachCGroupInet4Connect}, 1, attachConnect, "denying connections of a container"},
	}
}

// bpfProbes tries the ring buffer and every kind of program.
func bpfProbes(root bool) []Probe {
	all := trials()
	if !root {
		probes := []Probe{untried("ring buffer", "needs root")}
		for _, t := range all {
			probes = append(probes, untried(t.name, "needs root; for "+t.use))
		}
		return probes
	}
	probes := []Probe{probeRingBuffer()}
	for _, t := range all {
		probes = append(probes, t.try())
	}
	return probes
}

func probeRingBuffer() Probe {
	const name = "ring buffer"
	m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.RingBuf, MaxEntries: uint32(os.Getpagesize())})
	if err != nil {
		return fails(name, meaning(err)+"; it needs Linux 5.8")
	}
	_ = m.Close() // nothing was written to it
	return works(name, "events in order, without loss in copying")
}

func (t *trial) try() Probe {
	t.spec.License = "GPL" // the kernel gives these kinds to GPL programs only
	t.spec.Instructions = asm.Instructions{asm.Mov.Imm(asm.R0, int32(t.result)), asm.Return()}
	p, err := ebpf.NewProgram(&t.spec)
	if err != nil {
		return fails(t.name, meaning(err)+" (loading); for "+t.use)
	}
	defer func() { _ = p.Close() }() // the descriptor of a program has nothing to lose
	l, err := t.attach(p)
	if err != nil {
		return fails(t.name, meaning(err)+" (attaching); for "+t.use)
	}
	if err := l.Close(); err != nil {
		return fails(t.name, meaning(err)+" (detaching); for "+t.use)
	}
	return works(t.name, "loaded and attached; for "+t.use)
}

// attachLSM attaches to a hook of security modules. A kernel that was built for
// it attaches also where bpf is not among the active modules, and never calls
// the program.
func attachLSM(p *ebpf.Program) (io.Closer, error) {
	if active := kernel.Modules("/"); active != nil && !slices.Contains(active, "bpf") {
		return nil, fmt.Errorf("bpf is not among the active security modules; boot with lsm=…,bpf")
	}
	return link.AttachLSM(link.LSMOptions{Program: p})
}

// A groupLink is a link to a control group made for it.
type groupLink struct {
	link.Link
	dir string
}

// Close detaches, and removes the group.
func (g groupLink) Close() error {
	err := g.Link.Close()
	if removed := os.Remove(g.dir); err == nil {
		err = removed
	}
	return err
}

// attachConnect attaches to an empty control group of its own, so that nobody's
// connections pass it.
func attachConnect(p *ebpf.Program) (io.Closer, error) {
	root := unifiedRoot()
	if root == "" {
		return nil, fmt.Errorf("no cgroup2 file system is mounted")
	}
	dir := filepath.Join(root, fmt.Sprintf("bulkhead-doctor-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	l, err := link.AttachCgroup(link.CgroupOptions{Path: dir, Attach: ebpf.AttachCGroupInet4Connect, Program: p})
	if err != nil {
		_ = os.Remove(dir) // the error that counts is the other
		return nil, err
	}
	return groupLink{l, dir}, nil
}
