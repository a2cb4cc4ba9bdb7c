package sensor

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bulkhead/internal/falco"
)

const testID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// A recorder is a tracker, and what it handed on and asked for.
type recorder struct {
	*tracker
	got  []string
	asks []string
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.tracker = &tracker{
		procs: processes{}, groups: map[uint64]string{}, uses: map[string]int{}, known: map[string]*Container{}, asked: map[string]time.Time{},
		held: map[string][]*Event{}, sockets: map[uint64]socket{}, calls: map[int32]wanted{}, names: nobody(), procDir: t.TempDir(),
		ask:    func(id string) { r.asks = append(r.asks, id) },
		handle: func(e *Event) { r.got = append(r.got, said(e)) },
		rescan: func() map[uint64]string { return nil }, decide: func(uint64, string, *Container) {}, forget: func(uint64) {},
	}
	for _, name := range []string{"dup", "setuid", "chdir", "sendto", "accept"} {
		c := callNamed(name)
		r.calls[int32(c.nr)] = wanted{c, falco.EventTypeOf(name)}
	}
	return r
}

// said returns what the test compares of an event.
func said(e *Event) string {
	name := "host"
	switch {
	case e.Pending:
		name = "pending"
	case e.Container != nil:
		name = e.Container.Name
	case e.id != "":
		name = "unknown"
	}
	return fmt.Sprintf("%s %d %s", e.name, e.Ret, name)
}

func (r *recorder) send(t *testing.T, h header, records ...any) {
	t.Helper()
	var kernel raw
	if kernel.decode(event(t, h, records...), new(arena)) == 0 {
		t.Fatal("no event")
	}
	r.take(&kernel)
}

func (r *recorder) want(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(r.got, want) {
		t.Errorf("got %q, want %q", r.got, want)
	}
	r.got = nil
}

// TestPending: the events of a container wait for the engine, in order and for a
// bounded time, and are never taken for the host's.
func TestPending(t *testing.T) {
	r := newRecorder(t)
	r.groups[1], r.uses[""] = "", 1
	r.send(t, header{Kind: kindMkdir, Cgroup: 7}, tagGroupPath, "/docker/"+testID+"\x00")
	if !slices.Equal(r.asks, []string{testID}) {
		t.Errorf("got %q asked, want the container at once", r.asks)
	}
	r.send(t, header{Kind: kindSyscall, Nr: 32, PID: 10, Cgroup: 7, Ret: 1})
	r.send(t, header{Kind: kindSyscall, Nr: 32, PID: 10, Cgroup: 7, Ret: 2})
	r.send(t, header{Kind: kindSyscall, Nr: 32, PID: 20, Cgroup: 1, Ret: 3})
	r.want(t, "dup 3 host")
	r.expire(patience)
	r.want(t)
	r.answered(answer{testID, &Container{ID: testID, Name: "web"}})
	r.want(t, "dup 1 web", "dup 2 web")
	r.send(t, header{Kind: kindSyscall, Nr: 32, PID: 10, Cgroup: 7, Ret: 4})
	r.want(t, "dup 4 web")
}

// TestNoAnswer: where the engine says nothing, events say so.
func TestNoAnswer(t *testing.T) {
	r := newRecorder(t)
	r.send(t, header{Kind: kindMkdir, Cgroup: 7}, tagGroupPath, "/system.slice/docker-"+testID+".scope\x00")
	r.send(t, header{Kind: kindSyscall, Nr: 32, PID: 10, Cgroup: 7, Ret: 1})
	r.want(t)
	r.expire(0)
	r.want(t, "dup 1 pending")
	r.send(t, header{Kind: kindSyscall, Nr: 32, PID: 10, Cgroup: 99, Ret: 2}) // a group nobody knows
	r.want(t, "dup 2 pending")
}

// TestPruned: with its last control group a container is forgotten, but not what
// waits for the engine's answer.
func TestPruned(t *testing.T) {
	r := newRecorder(t)
	r.send(t, header{Kind: kindMkdir, Cgroup: 7}, tagGroupPath, "/docker/"+testID+"\x00")
	r.send(t, header{Kind: kindMkdir, Cgroup: 8}, tagGroupPath, "/docker/"+testID+"/inner\x00")
	r.send(t, header{Kind: kindSyscall, Nr: 32, PID: 10, Cgroup: 8, Ret: 1})
	r.send(t, header{Kind: kindRmdir, Cgroup: 8}, tagGroupPath, "/docker/"+testID+"/inner\x00")
	r.send(t, header{Kind: kindRmdir, Cgroup: 7}, tagGroupPath, "/docker/"+testID+"\x00")
	r.want(t)
	r.answered(answer{testID, &Container{ID: testID, Name: "web"}})
	r.want(t, "dup 1 web")
	if n := len(r.groups) + len(r.known) + len(r.asked) + len(r.held) + len(r.uses); n != 0 {
		t.Errorf("got %d things remembered of a container that is gone, want none", n)
	}
}

// TestRemembered: what depends on earlier events.
func TestRemembered(t *testing.T) {
	r := newRecorder(t)
	var users []string
	r.handle = func(e *Event) {
		var uid, cwd falco.Value
		e.Field(&falco.Ref{ID: falco.UserUID, Index: -1}, &uid)
		e.Field(&falco.Ref{ID: falco.ProcCwd, Index: -1}, &cwd)
		users = append(users, fmt.Sprintf("%s %d %s", e.name, uid.Num, cwd.Str))
	}
	r.groups[1] = ""
	call := func(nr int32, uid uint32, records ...any) {
		r.send(t, header{Kind: kindSyscall, Nr: nr, PID: 10, TID: 10, Cgroup: 1, UID: uid}, records...)
	}
	call(32, 0)
	call(105, 33) // setuid(33): root did it
	call(32, 33)
	call(80, 33, 0, "/srv\x00")
	call(32, 33)
	want := []string{"dup 0 ", "setuid 0 ", "dup 33 ", "chdir 33 /srv/", "dup 33 /srv/"}
	if !slices.Equal(users, want) {
		t.Errorf("got %q, want %q", users, want)
	}
}

// TestSupport: whatever upstream's rules look at can have a value, and what
// cannot says why.
func TestSupport(t *testing.T) {
	p, _ := upstream(t, allFiles...)
	if unseen := Unsupported(p.EventTypes()); len(unseen) > 0 {
		t.Errorf("got events of upstream's rules that are not seen: %q", unseen)
	}
	for _, r := range p.Refs() {
		if why := Why(r); why != "" {
			t.Errorf("%s: got %q, want a field that can have a value", r.Text, why)
		}
	}
	for _, tt := range []struct {
		text string
		r    falco.Ref
	}{
		{"k8smeta.pod.name", falco.Ref{ID: falco.K8smetaPodName}},
		{"evt.latency", falco.Ref{ID: falco.EvtLatency}},
		{"evt.arg.nonsense", falco.Ref{ID: falco.EvtArg, Arg: "nonsense"}},
	} {
		if tt.r.Text = tt.text; Supports(&tt.r) || Why(&tt.r) == "" {
			t.Errorf("%s: got %q, want a reason", tt.text, Why(&tt.r))
		}
	}
}
