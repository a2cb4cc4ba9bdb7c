package sensor

import (
	"bytes"
	_ "embed" // the programs
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
)

// usagePrograms is bpf/usage.c, compiled.
//
//go:generate sh -c "cd bpf && clang -target bpf -g -O2 -Wall -Werror -mcpu=v3 -fdebug-prefix-map=$PWD/bpf=. -c usage.c -o usage.o && llvm-strip -g usage.o"
//go:embed bpf/usage.o
var usagePrograms []byte

// A Recorder records what the containers that are started while it is open use
// of the kernel. It records in tables, so it loses nothing.
type Recorder struct {
	collection *ebpf.Collection
	links      []link.Link

	// Capabilities reports whether this kernel tells which capabilities are asked
	// for: by a tracepoint that it has since 6.14, or where programs can be
	// attached to the end of functions.
	Capabilities bool
}

// NewRecorder loads and attaches the programs.
func NewRecorder() (*Recorder, error) {
	if err := possible(); err != nil {
		return nil, err
	}
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(usagePrograms))
	if err != nil {
		return nil, fmt.Errorf("read the recorder's programs: %w", err)
	}
	if err := spec.Variables["subsystem"].Set(tells().subsystem); err != nil {
		return nil, fmt.Errorf("set up the recorder's programs: %w", err)
	}
	r, programs := &Recorder{}, []string{"usage_exec", "usage_call", "usage_left", "usage_group"}
	capabilities := "usage_capable"
	if tracepointExists("cap_capable") {
		capabilities = "usage_cap"
	}
	if r.collection, err = ebpf.NewCollection(only(spec, append(programs, capabilities)...)); err != nil {
		capabilities = ""
		r.collection, err = ebpf.NewCollection(only(spec, programs...))
	}
	if err != nil {
		return nil, fmt.Errorf("load the recorder's programs: %s (bulkhead doctor says what this kernel gives)", meaning(err))
	}
	if capabilities != "" {
		r.Capabilities = r.attach(capabilities) == nil
	}
	for _, name := range programs {
		if err := r.attach(name); err != nil {
			return nil, errors.Join(fmt.Errorf("attach the recorder's program %s: %s", name, meaning(err)), r.Close())
		}
	}
	return r, nil
}

func (r *Recorder) attach(name string) error {
	l, err := link.AttachTracing(link.TracingOptions{Program: r.collection.Programs[name]})
	if err == nil {
		r.links = append(r.links, l)
	}
	return err
}

// Usages returns what has been recorded of containers, by their ids. A container
// that was started several times had several groups: they count together.
func (r *Recorder) Usages() (map[string]Usage, error) {
	out := map[string]Usage{}
	var id uint64
	var value []byte
	all := r.collection.Maps["usages"].Iterate()
	for all.Next(&id, &value) {
		if u := decodeUsage(value); u.Container != "" {
			out[u.Container] = out[u.Container].with(u)
		}
	}
	return out, all.Err()
}

// Close detaches the programs and forgets what they recorded.
func (r *Recorder) Close() error {
	var errs []error
	for _, l := range r.links {
		errs = append(errs, l.Close())
	}
	r.links = nil
	r.collection.Close()
	return errors.Join(errs...)
}

// tracepointExists reports whether BPF programs can be attached to a tracepoint.
func tracepointExists(name string) bool {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return false
	}
	var function *btf.Typedef
	return spec.TypeByName("btf_trace_"+name, &function) == nil
}
