package sensor

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/cilium/ebpf"
)

// A module is the programs for the kernel's security hooks.
type module struct {
	collection *ebpf.Collection
	links      []io.Closer
}

func (m *module) close() error {
	var errs []error
	for _, l := range m.links {
		errs = append(errs, l.Close())
	}
	m.collection.Close()
	return errors.Join(errs...)
}

// Module loads and attaches the programs for the kernel's security hooks. They do
// nothing until Refuse. The error says why this kernel does not give BPF-LSM.
func (e *Enforcer) Module() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return os.ErrClosed
	case e.module != nil:
		return nil
	}
	hooks := []string{"program_checked", "code_checked"}
	c, err := e.load(only(e.spec, hooks...), "verdicts", "lost", "programs")
	if err != nil {
		return errors.New(meaning(err))
	}
	m := &module{collection: c}
	for _, name := range hooks {
		l, err := attachLSM(c.Programs[name])
		if err != nil {
			return errors.Join(errors.New(meaning(err)), m.close())
		}
		m.links = append(m.links, l)
	}
	e.module = m
	return nil
}

// Refuse refuses, or with Audit tells, what a container starts that is not of its
// image, and libraries that it loads from its own layer: exec and mmap fail with
// EPERM. It needs Module. What is written by the container is known where its root
// is an overlay; volumes are not covered.
func (e *Enforcer) Refuse(id string, m Mode) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return os.ErrClosed
	case e.module == nil:
		return errors.New("BPF-LSM is not in use")
	}
	if err := e.choose(id, m); err != nil {
		return fmt.Errorf("BPF-LSM: %w", err)
	}
	return nil
}
