package sensor

import (
	"bytes"
	"context"
	_ "embed" // the programs
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// enforcePrograms is bpf/enforce.c, compiled.
//
//go:generate sh -c "cd bpf && clang -target bpf -g -O2 -Wall -Werror -mcpu=v3 -fdebug-prefix-map=$PWD/bpf=. -c enforce.c -o enforce.o && llvm-strip -g enforce.o"
//go:embed bpf/enforce.o
var enforcePrograms []byte

// An Enforcer keeps containers from what they are not allowed, with what this
// kernel gives. Nothing of it outlives Close.
type Enforcer struct {
	spec       *ebpf.CollectionSpec
	groups     hierarchy
	collection *ebpf.Collection // of what all containers share
	exec       link.Link
	module     *module // where Module was called and it works
	reader     *ringbuf.Reader
	boot       time.Time

	mu     sync.Mutex
	closed bool
	egress map[string]*egress // by container
	files  map[string]*fileGuard

	refused chan *Verdict // by fanotify
	untold  atomic.Uint64
	known   map[uint64]string // containers by control group
}

// An egress is the programs for the connections of one container.
type egress struct {
	collection *ebpf.Collection
	links      []link.Link
}

func (e *egress) close() error {
	var errs []error
	for _, l := range e.links {
		errs = append(errs, l.Close())
	}
	e.collection.Close()
	return errors.Join(errs...)
}

// connections are the hooks of connections, which stand or fall together: one
// that is missing would be the way out.
var connections = [...]struct {
	name   string
	attach ebpf.AttachType
}{
	{"connect4", ebpf.AttachCGroupInet4Connect},
	{"connect6", ebpf.AttachCGroupInet6Connect},
	{"sendmsg4", ebpf.AttachCGroupUDP4Sendmsg},
	{"sendmsg6", ebpf.AttachCGroupUDP6Sendmsg},
}

// NewEnforcer loads what all containers share. Nothing is enforced yet.
func NewEnforcer() (*Enforcer, error) {
	if err := possible(); err != nil {
		return nil, err
	}
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(enforcePrograms))
	if err != nil {
		return nil, fmt.Errorf("read the enforcer's programs: %w", err)
	}
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) // it cannot fail for a clock that exists since 2.6.39
	e := &Enforcer{
		spec: spec, groups: tells(), egress: map[string]*egress{}, known: map[uint64]string{},
		files: map[string]*fileGuard{}, refused: make(chan *Verdict, 1024),
		boot: time.Now().Add(-time.Duration(now.Nano())),
	}
	machine, err := machineSpace()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(spec.Variables["subsystem"].Set(e.groups.subsystem), spec.Variables["machine"].Set(machine)); err != nil {
		return nil, fmt.Errorf("set up the enforcer's programs: %w", err)
	}
	shared := only(spec, "program_changed")
	if e.collection, err = ebpf.NewCollection(shared); err != nil {
		return nil, fmt.Errorf("load the enforcer's programs: %s (bulkhead doctor says what this kernel gives)", meaning(err))
	}
	if e.reader, err = ringbuf.NewReader(e.collection.Maps["verdicts"]); err != nil {
		e.collection.Close()
		return nil, fmt.Errorf("open the enforcer's ring buffer: %w", err)
	}
	return e, nil
}

// only returns a copy of spec with these of its programs.
func only(spec *ebpf.CollectionSpec, programs ...string) *ebpf.CollectionSpec {
	out := spec.Copy()
	maps.DeleteFunc(out.Programs, func(name string, _ *ebpf.ProgramSpec) bool { return !slices.Contains(programs, name) })
	return out
}

// load loads programs that share these maps with the others.
func (e *Enforcer) load(spec *ebpf.CollectionSpec, shared ...string) (*ebpf.Collection, error) {
	replaced := map[string]*ebpf.Map{}
	for _, name := range shared {
		replaced[name] = e.collection.Maps[name]
	}
	return ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: replaced})
}

// machineSpace returns the number of the mount namespace that runtimes start in:
// that of the first process, or where that may not be looked at, our own.
func machineSpace() (uint32, error) {
	var st syscall.Stat_t
	err := syscall.Stat("/proc/1/ns/mnt", &st)
	if err != nil {
		err = syscall.Stat("/proc/self/ns/mnt", &st)
	}
	if err != nil {
		return 0, fmt.Errorf("find the machine's mount namespace: %w", err)
	}
	return uint32(st.Ino), nil
}

// Programs kills, or with Audit tells, what a container starts that is not of
// its image: the kernel does so before the program's first instruction. The
// program that was asked for has begun to load then, so this is no refusal: the
// process that called exec is gone.
func (e *Enforcer) Programs(id string, m Mode) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return os.ErrClosed
	}
	if e.exec == nil {
		l, err := link.AttachTracing(link.TracingOptions{Program: e.collection.Programs["program_changed"]})
		if err != nil {
			return fmt.Errorf("attach to starting programs: %s", meaning(err))
		}
		e.exec = l
	}
	return e.choose(id, m)
}

// choose says what is done about the programs of a container.
func (e *Enforcer) choose(id string, m Mode) error {
	_, group, err := groupDir(e.groups.root, id)
	if err != nil {
		return err
	}
	e.known[group] = id
	if err := e.collection.Maps["programs"].Put(group, uint32(m)); err != nil {
		return fmt.Errorf("choose the container: %s", meaning(err))
	}
	return nil
}

// Egress refuses, or with Audit tells, connections and datagrams of a container
// to addresses outside allowed. The container itself may always be spoken to.
// Packets that a container makes itself, on raw and packet sockets, are not
// covered; they need CAP_NET_RAW.
func (e *Enforcer) Egress(id string, m Mode, allowed []netip.Prefix) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return os.ErrClosed
	}
	root := unifiedRoot()
	if root == "" {
		return errors.New("no control groups of version 2 are mounted")
	}
	dir, group, err := groupDir(root, id)
	if err != nil {
		return err
	}
	out, err := e.loadEgress(group, m, allowed)
	if err != nil {
		return err
	}
	for _, c := range connections {
		l, err := link.AttachCgroup(link.CgroupOptions{Path: dir, Attach: c.attach, Program: out.collection.Programs[c.name]})
		if err != nil {
			return errors.Join(fmt.Errorf("attach %s: %s", c.name, meaning(err)), out.close())
		}
		out.links = append(out.links, l)
	}
	before := e.egress[id]
	e.egress[id], e.known[group] = out, id
	if before != nil {
		return before.close()
	}
	return nil
}

func (e *Enforcer) loadEgress(group uint64, m Mode, allowed []netip.Prefix) (*egress, error) {
	spec := only(e.spec, "connect4", "connect6", "sendmsg4", "sendmsg6")
	if err := errors.Join(spec.Variables["group"].Set(group), spec.Variables["mode"].Set(uint32(m))); err != nil {
		return nil, fmt.Errorf("set up the programs for connections: %w", err)
	}
	c, err := e.load(spec, "verdicts", "lost")
	if err != nil {
		return nil, fmt.Errorf("load the programs for connections: %s", meaning(err))
	}
	out := &egress{collection: c}
	own := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, p := range append(own, allowed...) {
		key := [20]byte{}
		address := p.Addr().As16() // an IPv4 address as ::ffff:a.b.c.d
		bits := p.Bits()
		if p.Addr().Is4() {
			bits += 96
		}
		binary.NativeEndian.PutUint32(key[:], uint32(bits))
		copy(key[4:], address[:])
		if err := c.Maps["networks"].Put(key, uint8(1)); err != nil {
			return nil, errors.Join(fmt.Errorf("allow %s: %s", p, meaning(err)), out.close())
		}
	}
	return out, nil
}

// Forget ends what is enforced for a container.
func (e *Enforcer) Forget(id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	for group, of := range e.known {
		if of == id {
			_ = e.collection.Maps["programs"].Delete(group) // it need not be there
			delete(e.known, group)
		}
	}
	var errs []error
	if g := e.files[id]; g != nil {
		delete(e.files, id)
		errs = append(errs, g.close())
	}
	if out := e.egress[id]; out != nil {
		delete(e.egress, id)
		errs = append(errs, out.close())
	}
	return errors.Join(errs...)
}

// groupDir returns the control group of a container below root: the folder, and
// its number.
func groupDir(root, id string) (dir string, number uint64, err error) {
	found := errors.New("found")
	walked := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil //nolint:nilerr // it went away meanwhile
		case containerOf(name[len(root):]) != id:
			return nil
		}
		var st syscall.Stat_t
		if err := syscall.Stat(name, &st); err != nil {
			return nil //nolint:nilerr // it went away meanwhile
		}
		dir, number = name, st.Ino
		return found
	})
	if !errors.Is(walked, found) {
		return "", 0, fmt.Errorf("the container has no control group below %s", root)
	}
	return dir, number, nil
}

// verdictSize is the size of struct verdict in bpf/enforce.c.
const verdictSize = 192

// Run hands every verdict to handle until ctx is done, and those that the kernel
// has given by then, for a second at most.
func (e *Enforcer) Run(ctx context.Context, handle func(*Verdict)) error {
	var record ringbuf.Record
	var end time.Time // zero until ctx is done
	for end.IsZero() || time.Now().Before(end) {
		wait := tick
		if ctx.Err() != nil {
			wait = 0
			if end.IsZero() {
				end = time.Now().Add(time.Second)
			}
		}
		for more := true; more; {
			select {
			case v := <-e.refused:
				handle(v)
			default:
				more = false
			}
		}
		e.reader.SetDeadline(time.Now().Add(wait))
		switch err := e.reader.ReadInto(&record); {
		case errors.Is(err, os.ErrDeadlineExceeded) && !end.IsZero():
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			continue
		case err != nil:
			return fmt.Errorf("read verdicts: %w", err)
		}
		if b := record.RawSample; len(b) >= verdictSize {
			handle(e.verdict(b))
		}
	}
	return nil
}

func (e *Enforcer) verdict(b []byte) *Verdict {
	u64, u32 := binary.LittleEndian.Uint64, binary.LittleEndian.Uint32
	const program = 2
	v := &Verdict{
		Time: e.boot.Add(time.Duration(u64(b))), Denied: u32(b[20:]) != 0, PID: u32(b[24:]), Process: cText(string(b[48:64])),
	}
	e.mu.Lock()
	v.Container = e.known[u64(b[8:])]
	e.mu.Unlock()
	if u32(b[16:]) == program {
		v.Program = cText(string(b[64:verdictSize]))
		return v
	}
	v.Address = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[32:48])).Unmap(), binary.BigEndian.Uint16(b[28:]))
	return v
}

// Lost returns how many verdicts were not told for want of room. What was
// denied was denied all the same.
func (e *Enforcer) Lost() (uint64, error) {
	var each []uint64
	if err := e.collection.Maps["lost"].Lookup(uint32(0), &each); err != nil {
		return 0, fmt.Errorf("count verdicts: %w", err)
	}
	lost := e.untold.Load()
	for _, n := range each {
		lost += n
	}
	return lost, nil
}

// Close ends everything that is enforced.
func (e *Enforcer) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	var errs []error
	for _, g := range e.files {
		errs = append(errs, g.close())
	}
	for _, out := range e.egress {
		errs = append(errs, out.close())
	}
	if e.exec != nil {
		errs = append(errs, e.exec.Close())
	}
	if e.module != nil {
		errs = append(errs, e.module.close())
	}
	errs = append(errs, e.reader.Close())
	e.collection.Close()
	return errors.Join(errs...)
}
