package sensor

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"bulkhead/internal/falco"
)

// Bounds of what waits for the engine: how long, and how many events of one
// container. The engine does not answer before a container has started.
const (
	patience = 10 * time.Second
	maxHeld  = 8192
)

// maxSockets bounds how many sockets are remembered.
const maxSockets = 8192

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
	uses    map[string]int    // by container, how many control groups it has
	known   map[string]*Container
	asked   map[string]time.Time
	held    map[string][]*Event
	sockets map[uint64]socket // by inode
	calls   map[int32]wanted
	exec    falco.EventType
	names   *names
	number  uint64
	boot    time.Time
	event   Event // handed out again and again
	ask     func(id string)
	handle  func(*Event)
	rescan  func() map[uint64]string // control groups as they are
	decide  func(cgroup uint64, id string, c *Container)
	forget  func(cgroup uint64)
	procDir string
}

// A wanted is a system call that rules ask for.
type wanted struct {
	*call
	kind falco.EventType
}

// A socket is what earlier calls told of one.
type socket struct {
	peer   netip.AddrPort
	serves bool
}

// take takes one event of the kernel.
func (t *tracker) take(r *raw) {
	switch r.Kind {
	case kindMkdir:
		t.group(r.Cgroup, strings.Clone(containerOf(r.text(tagGroupPath)))) // not a part of a large piece of memory
	case kindRmdir:
		t.gone(r.Cgroup)
	case kindFork, kindFound:
		t.procs.of(r)
	case kindExit:
		delete(t.procs, r.PID)
	case kindExec:
		t.emit(r, t.procs.of(r), wanted{nil, t.exec})
	case kindSyscall:
		if c, ok := t.calls[r.Nr]; ok {
			t.emit(r, t.procs.of(r), c)
		}
	}
}

// group notes a control group, and asks for its container.
func (t *tracker) group(cgroup uint64, id string) {
	if before, ok := t.groups[cgroup]; !ok || before != id {
		t.groups[cgroup] = id
		if ok {
			t.uses[before]--
		}
		t.uses[id]++
		if id == "" || t.known[id] != nil {
			t.decide(cgroup, id, t.known[id])
		}
	}
	if id != "" && t.known[id] == nil && time.Since(t.asked[id]) > patience {
		t.asked[id] = time.Now()
		t.ask(id)
	}
}

// gone forgets a control group, and with its last one the container.
func (t *tracker) gone(cgroup uint64) {
	id, ok := t.groups[cgroup]
	if !ok {
		return
	}
	delete(t.groups, cgroup)
	t.forget(cgroup)
	if t.uses[id]--; t.uses[id] > 0 {
		return
	}
	delete(t.uses, id)
	if t.held[id] == nil { // else when the answer is there
		t.drop(id)
	}
}

func (t *tracker) drop(id string) {
	delete(t.known, id)
	delete(t.asked, id)
	delete(t.names.inside, id)
}

// emit makes an event and hands it on, or keeps it until the engine has said
// what its container is.
func (t *tracker) emit(r *raw, p *process, c wanted) {
	if c.kind == 0 {
		return
	}
	t.number++
	e := &t.event
	e.Time, e.raw, e.number, e.kind, e.call, e.proc, e.names = t.boot.Add(time.Duration(r.Time)), *r, t.number, c.kind, c.call, p, t.names
	e.name, e.Pending, e.described = "execve", false, false
	if c.call != nil { // else its arguments are those of the process
		e.name = c.name
		t.remember(e, p)
	} else {
		p.uid = r.UID
	}
	id, found := t.container(r)
	e.id = id
	switch e.Container = t.known[id]; {
	case !found:
		e.Pending = true
	case id != "" && e.Container == nil:
		t.group(r.Cgroup, id)
		if held := t.held[id]; len(held) < maxHeld && time.Since(t.asked[id]) < patience {
			t.held[id] = append(held, e.kept())
			return
		}
		e.Pending = true
	}
	t.handle(e)
}

// remember does what depends on the order of events: who a process was before a
// call that changes that, and what is known of sockets.
func (t *tracker) remember(e *Event, p *process) {
	if before := p.uid; e.call.users && e.Ret == 0 && p.known && before != e.UID && strings.HasPrefix(e.name, "set") {
		p.uid, e.UID = e.UID, before
	} else {
		p.uid = e.UID
	}
	switch e.name {
	case "chdir":
		if e.Ret == 0 {
			moved := *p.image
			moved.cwd = strings.Clone(slashed(e.path(0))) // not a part of a large piece of memory
			p.image = &moved
		}
	case "accept", "accept4", "sendto", "sendmsg", "recvfrom", "recvmsg":
		d := e.file()
		if d.inode == 0 || !d.connection() {
			return
		}
		s := t.sockets[d.inode]
		receives := strings.HasPrefix(e.name, "recv")
		if s.peer != d.remote {
			d.changed = d.remote.IsValid()
		}
		d.serves = s.serves || e.name[0] == 'a' || receives && !d.connected && d.proto != "tcp"
		if len(t.sockets) >= maxSockets {
			clear(t.sockets)
		}
		t.sockets[d.inode] = socket{d.remote, d.serves}
	}
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
		for cgroup, id := range t.groups {
			if id == a.id {
				t.decide(cgroup, id, a.container)
			}
		}
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
	if t.uses[id] == 0 {
		t.drop(id)
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
