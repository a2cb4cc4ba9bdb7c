package sensor

import (
	"os"
	"strconv"
	"strings"
	"time"

	"bulkhead/internal/falco"
)

// Bounds of what waits for the engine: how long, and how many events of one
// container. The engine does not answer before a container has started.
const (
	patience = 3 * time.Second
	maxHeld  = 8192
)

// An answer is what the engine said of a container; nil if it did not.
type answer struct {
	id        string
	container *Container
}

// A tracker turns what the kernel tells into events that know their process and
// their container. It belongs to one goroutine.
type tracker struct {
	procs   processes
	groups  map[uint64]string // control groups to containers, "" for the host's
	known   map[string]*Container
	asked   map[string]time.Time
	held    map[string][]*Event
	calls   map[int32]*call
	types   map[string]falco.EventType
	users   *users
	number  uint64
	boot    time.Time
	ask     func(id string)
	handle  func(*Event)
	rescan  func() map[uint64]string // control groups as they are
	procDir string
}

// take takes one event of the kernel.
func (t *tracker) take(r *raw) {
	switch r.Kind {
	case kindMkdir:
		t.group(r.Cgroup, containerOf(r.groupPath))
	case kindFork:
		t.procs.of(r)
	case kindExit:
		delete(t.procs, r.PID)
	case kindExec:
		t.emit(r, t.procs.of(r), callNamed("execve"))
	case kindSyscall:
		if c := t.calls[r.Nr]; c != nil {
			t.emit(r, t.procs.of(r), c)
		}
	}
}

// group notes a control group, and asks for its container.
func (t *tracker) group(cgroup uint64, id string) {
	t.groups[cgroup] = id
	if id != "" && t.known[id] == nil && time.Since(t.asked[id]) > patience {
		t.asked[id] = time.Now()
		t.ask(id)
	}
}

// emit makes an event and hands it on, or keeps it until the engine has said
// what its container is.
func (t *tracker) emit(r *raw, p *process, c *call) {
	kind := t.types[c.name]
	if kind == 0 {
		return
	}
	t.number++
	e := &Event{
		Time: t.boot.Add(time.Duration(r.Time)), raw: *r, number: t.number, kind: kind, name: c.name, call: c, proc: *p, users: t.users,
	}
	if r.Kind == kindExec {
		e.call = nil // its arguments are those of the process
	}
	e.describe()
	id, found := t.container(r)
	e.id = id
	switch e.Container = t.known[id]; {
	case !found:
		e.Pending = true
	case id != "" && e.Container == nil:
		t.group(r.Cgroup, id)
		if held := t.held[id]; len(held) < maxHeld && time.Since(t.asked[id]) < patience {
			t.held[id] = append(held, e)
			return
		}
		e.Pending = true
	}
	t.handle(e)
}

// container returns the container of an event; "" is the host. It reports false
// where that cannot be told.
func (t *tracker) container(r *raw) (string, bool) {
	if id, ok := t.groups[r.Cgroup]; ok {
		return id, true
	}
	if text, err := os.ReadFile(t.procDir + "/" + strconv.FormatUint(uint64(r.PID), 10) + "/cgroup"); err == nil {
		id := ""
		for line := range strings.Lines(string(text)) {
			if found := containerOf(strings.TrimSpace(line)); found != "" {
				id = found
			}
		}
		t.group(r.Cgroup, id)
		return id, true
	}
	for cgroup, id := range t.rescan() {
		if _, ok := t.groups[cgroup]; !ok {
			t.group(cgroup, id)
		}
	}
	id, ok := t.groups[r.Cgroup]
	return id, ok
}

// answered takes what the engine said and lets the events go that waited for it.
func (t *tracker) answered(a answer) {
	if a.container != nil {
		t.known[a.id] = a.container
	}
	t.release(a.id)
}

func (t *tracker) release(id string) {
	held := t.held[id]
	delete(t.held, id)
	for _, e := range held {
		e.Container = t.known[id]
		e.Pending = e.Container == nil
		t.handle(e)
	}
}

// expire lets go what has waited long enough, or with none what waits at all.
func (t *tracker) expire(wait time.Duration) {
	for id := range t.held {
		if time.Since(t.asked[id]) >= wait {
			t.release(id)
		}
	}
}
