package sensor

import (
	"bytes"
	"context"
	_ "embed" // the programs
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"

	"bulkhead/internal/falco"
)

// programs is bpf/sensor.c, compiled.
//
//go:generate sh -c "cd bpf && clang -target bpf -g -O2 -Wall -Werror -mcpu=v3 -fdebug-prefix-map=$PWD/bpf=. -c sensor.c -o sensor.o && llvm-strip -g sensor.o"
//go:embed bpf/sensor.o
var programs []byte

// A Sensor tells what happens on this machine.
type Sensor struct {
	options    Options
	collection *ebpf.Collection
	links      []link.Link
	reader     *ringbuf.Reader
	groups     hierarchy
	raw        raw
	texts      arena
	read       atomic.Uint64
}

// Open loads and attaches the programs. Events wait in the ring buffer until Run
// reads them.
func Open(o Options) (*Sensor, error) {
	if err := possible(); err != nil {
		return nil, err
	}
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(programs))
	if err != nil {
		return nil, fmt.Errorf("read the sensor's programs: %w", err)
	}
	s := &Sensor{options: o, groups: tells()}
	if o.groups != nil {
		s.groups = *o.groups
	}
	if err := s.configure(spec); err != nil {
		return nil, fmt.Errorf("set up the sensor's programs: %w", err)
	}
	if s.collection, err = ebpf.NewCollection(spec); err != nil {
		return nil, fmt.Errorf("load the sensor's programs: %s (bulkhead doctor says what this kernel gives)", meaning(err))
	}
	if err := s.attach(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// configure says what the programs should know before they are loaded.
func (s *Sensor) configure(spec *ebpf.CollectionSpec) error {
	environment := uint32(0)
	if s.options.wants(falco.ProcEnv, falco.ProcAenv) {
		environment = 1
	}
	return errors.Join(
		spec.Variables["self"].Set(uint32(os.Getpid())), spec.Variables["environment"].Set(environment),
		spec.Variables["subsystem"].Set(s.groups.subsystem))
}

// programsFor returns an error where there are no programs for an architecture:
// system calls have other numbers and registers there.
func programsFor(arch string) error {
	if arch != "amd64" {
		return fmt.Errorf("the sensor has programs for x86-64 (amd64) only, none for %s: nothing can be watched, recorded or enforced", arch)
	}
	return nil
}

// possible returns an error that names what is missing, or nil.
func possible() error {
	if err := programsFor(runtime.GOARCH); err != nil {
		return err
	}
	switch _, err := os.Stat("/sys/kernel/btf/vmlinux"); {
	case os.Geteuid() != 0:
		return errors.New("watching needs root")
	case err != nil:
		return errors.New("watching needs a kernel with BTF (CONFIG_DEBUG_INFO_BTF), 5.8 or newer")
	case !hostProcesses():
		return errors.New("watching needs the numbers that the host has for processes: run it in the host's process namespace, as docker run --pid=host does")
	case tells().root == "":
		return errors.New("watching needs control groups, to tell containers apart; none is mounted below /sys/fs/cgroup")
	}
	return nil
}

// hostProcesses reports whether processes have the numbers here that they have in
// the kernel's events.
func hostProcesses() bool {
	const first = 0xeffffffc // PROC_PID_INIT_INO of linux/proc_ns.h
	var st unix.Stat_t
	return unix.Stat("/proc/self/ns/pid", &st) != nil || st.Ino == first
}

// attach fills the table of wanted calls and attaches the programs: those that
// tell of processes first, so that no call comes from an unknown one.
func (s *Sensor) attach() error {
	for _, name := range s.options.EventTypes {
		c := callNamed(name)
		if c == nil {
			continue
		}
		wanted := [8]uint8{1}
		copy(wanted[1:], c.reads[:])
		if i := slices.Index(c.reads[:], argBuffer); i >= 0 && !s.options.wants(falco.EvtBuffer, falco.EvtBuflen, falco.EvtArg) {
			wanted[1+i] = argNothing
		}
		if err := s.collection.Maps["table"].Put(uint32(c.nr), wanted); err != nil {
			return fmt.Errorf("choose system calls: %w", err)
		}
	}
	reader, err := ringbuf.NewReader(s.collection.Maps["ring"])
	if err != nil {
		return fmt.Errorf("open the ring buffer: %w", err)
	}
	s.reader = reader
	for _, name := range []string{"group_mkdir", "group_rmdir", "process_fork", "process_exit", "process_exec", "sys_exit"} {
		l, err := link.AttachTracing(link.TracingOptions{Program: s.collection.Programs[name]})
		if err != nil {
			return fmt.Errorf("attach the sensor's program %s: %s", name, meaning(err))
		}
		s.links = append(s.links, l)
	}
	return nil
}

// tick is how often answers of the engine are looked for while nothing happens.
const tick = 20 * time.Millisecond

// Run hands every event to handle until ctx is done, then what is left. The
// programs are detached when it returns.
func (s *Sensor) Run(ctx context.Context, handle func(*Event)) error {
	answers := make(chan answer, 16)
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	t := s.tracker(handle, func(id string) {
		go func() {
			a := answer{id: id}
			if s.options.Describe != nil {
				a.container, _ = s.options.Describe(asking, id) // no answer is what pending says
			}
			select {
			case answers <- a:
			case <-asking.Done():
			}
		}()
	})
	for cgroup, id := range s.groups.now() {
		t.group(cgroup, id)
	}
	s.snapshot(t)
	resolved := make(chan map[netip.Addr]string, 1)
	go resolve(asking, s.options.Names, resolved)
	for ctx.Err() == nil {
		if err := s.next(t, tick); err != nil {
			return err
		}
		select {
		case t.names.resolved = <-resolved:
		default:
		}
		t.expire(patience)
		for more := true; more; {
			select {
			case a := <-answers:
				t.answered(a)
			default:
				more = false
			}
		}
	}
	return s.drain(t)
}

func (s *Sensor) tracker(handle func(*Event), ask func(string)) *tracker {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) // it cannot fail for a clock that exists since 2.6.39
	t := &tracker{
		procs: processes{}, groups: map[uint64]string{}, uses: map[string]int{}, known: map[string]*Container{}, asked: map[string]time.Time{},
		held: map[string][]*Event{}, sockets: map[uint64]socket{}, calls: map[int32]wanted{}, names: newNames("/proc"),
		boot: time.Now().Add(-time.Duration(now.Nano())), ask: ask, handle: handle, rescan: s.groups.now, procDir: "/proc",
		decide: s.decide, forget: s.forget,
	}
	for _, name := range s.options.EventTypes {
		if c := callNamed(name); c != nil {
			t.calls[int32(c.nr)] = wanted{c, falco.EventTypeOf(name)}
		}
	}
	if slices.Contains(s.options.EventTypes, "execve") || slices.Contains(s.options.EventTypes, "execveat") {
		t.exec = falco.EventTypeOf("execve")
	}
	return t
}

// decide leaves the calls of a control group in the kernel where nobody wants
// them. A group that is not decided yet is wanted.
func (s *Sensor) decide(cgroup uint64, _ string, c *Container) {
	if s.options.Chosen != nil && !s.options.Chosen(c) {
		_ = s.collection.Maps["muted"].Put(cgroup, uint8(1)) // a full table leaves more to the reader
	}
}

func (s *Sensor) forget(cgroup uint64) {
	if s.options.Chosen != nil {
		_ = s.collection.Maps["muted"].Delete(cgroup) // it need not be there
	}
}

// snapshot tells of the processes that ran before: by the kernel's own list, or
// where it refuses that by /proc alone.
func (s *Sensor) snapshot(t *tracker) {
	for pid, p := range snapshot("/proc") {
		if t.procs[pid] == nil {
			t.procs[pid] = p
		}
	}
	l, err := link.AttachIter(link.IterOptions{Program: s.collection.Programs["found"]})
	if err != nil {
		return
	}
	defer func() { _ = l.Close() }() // it has been read
	r, err := l.Open()
	if err != nil {
		return
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(r)
	for n := 1; err == nil && n > 0; data = data[n:] {
		if n = s.raw.decode(data, &s.texts); n > 0 {
			t.take(&s.raw)
		}
	}
}

// next reads events until there is none for a while.
func (s *Sensor) next(t *tracker, wait time.Duration) error {
	var record ringbuf.Record
	const batch = 256
	s.reader.SetDeadline(time.Now().Add(wait))
	for range batch {
		switch err := s.reader.ReadInto(&record); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil
		case err != nil:
			return fmt.Errorf("read events: %w", err)
		}
		s.read.Add(1)
		if s.raw.decode(record.RawSample, &s.texts) > 0 {
			t.take(&s.raw)
		}
	}
	return nil
}

// drain detaches, and reads until every event is accounted for, or none has come
// for a while.
func (s *Sensor) drain(t *tracker) error {
	if err := s.detach(); err != nil {
		return err
	}
	var read uint64
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		if n := s.read.Load(); n > read {
			read, end = n, time.Now().Add(time.Second)
		}
		c, err := s.Counts()
		if err != nil || c.Produced == c.Read+c.Dropped {
			t.expire(0)
			return err
		}
		if err := s.next(t, tick); err != nil {
			return err
		}
	}
	t.expire(0)
	return errors.New("some events are neither read nor counted as dropped")
}

// Counts returns how many events there were until now. It may be called while
// Run runs.
func (s *Sensor) Counts() (Counts, error) {
	var counts [2]uint64
	for i := range counts {
		var each []uint64
		if err := s.collection.Maps["counts"].Lookup(uint32(i), &each); err != nil {
			return Counts{}, fmt.Errorf("count events: %w", err)
		}
		for _, n := range each {
			counts[i] += n
		}
	}
	return Counts{Produced: counts[0], Read: s.read.Load(), Dropped: counts[1]}, nil
}

func (s *Sensor) detach() error {
	var errs []error
	for _, l := range s.links {
		errs = append(errs, l.Close())
	}
	s.links = nil
	return errors.Join(errs...)
}

// Close detaches the programs and frees what they used.
func (s *Sensor) Close() error {
	err := s.detach()
	if s.reader != nil {
		err = errors.Join(err, s.reader.Close())
	}
	s.collection.Close()
	return err
}
