package learn

import (
	"context"
	"errors"
	"maps"
	"path"
	"strings"
	"sync"
	"time"

	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
)

// A watcher collects the files, programs and connections of copies.
type watcher struct {
	sensor *sensor.Sensor
	stop   context.CancelFunc
	ended  chan error

	mu   sync.Mutex
	seen map[string]*use // by container; those that are not in it are left alone
}

// watched are the calls that are looked at.
var watched = []string{
	"execve", "execveat", "open", "openat", "openat2", "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat",
	"symlink", "symlinkat", "link", "linkat", "mknod", "mknodat", "connect", "sendto",
}

// startWatcher starts to listen.
func startWatcher(ctx context.Context) (*watcher, error) {
	w := &watcher{ended: make(chan error, 1), seen: map[string]*use{}}
	var err error
	w.sensor, err = sensor.Open(sensor.Options{
		EventTypes: watched,
		Chosen:     func(c *sensor.Container) bool { return c != nil && w.of(c.ID) != nil },
		Describe: func(_ context.Context, id string) (*sensor.Container, error) {
			return &sensor.Container{ID: id}, nil // the name is all that matters
		},
	})
	if err != nil {
		return nil, err
	}
	ctx, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() { w.ended <- w.sensor.Run(ctx, w.event) }()
	return w, nil
}

// close ends it and returns how many events were lost.
func (w *watcher) close() (uint64, error) {
	w.stop()
	err := <-w.ended
	counts, countErr := w.sensor.Counts()
	return counts.Dropped, errors.Join(err, countErr, w.sensor.Close())
}

// of returns what was seen of a container, or nil where it is none of ours.
func (w *watcher) of(id string) *use {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.seen[id]
}

// follow has a container looked at. It has to be called before it starts.
func (w *watcher) follow(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[id] = &use{executed: map[string]bool{}, started: map[string]bool{}, written: map[string]bool{}, denied: map[string]bool{}, peers: map[string]bool{}}
}

// take returns what was seen of a container until now and starts anew.
func (w *watcher) take(id string) *use {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.seen[id]
	delete(w.seen, id)
	return u
}

// text returns a field of an event, "" where it has no value.
func text(e *sensor.Event, id falco.FieldID, arg string) string {
	var v falco.Value
	if !e.Field(&falco.Ref{ID: id, Arg: arg, Index: -1}, &v) {
		return ""
	}
	return v.Str
}

func number(e *sensor.Event, id falco.FieldID) int64 {
	var v falco.Value
	e.Field(&falco.Ref{ID: id, Index: -1}, &v) // none is zero
	return v.Num
}

// event notes what an event tells.
func (w *watcher) event(e *sensor.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.seen[e.ContainerID()]
	if u == nil || byRuntime(e) {
		return
	}
	result := number(e, falco.EvtRawres)
	switch name := text(e, falco.EvtType, ""); name {
	case "execve", "execveat":
		if result == 0 {
			u.start(text(e, falco.ProcExepath, ""), text(e, falco.EvtArg, "filename"), text(e, falco.ProcCwd, ""))
		}
	case "connect", "sendto":
		if number(e, falco.FDRport) > 0 && (name == "connect" || text(e, falco.FDL4Proto, "") == "udp") {
			u.peers[text(e, falco.FDName, "")] = true
		}
	case "open", "openat", "openat2", "creat":
		if number(e, falco.EvtIsOpenWrite) != 0 {
			u.write(text(e, falco.FDName, ""), result)
		}
	default:
		for _, arg := range []string{"path", "newpath", "linkpath", "name"} {
			u.write(text(e, falco.EvtArg, arg), result)
		}
	}
}

// start notes that a program runs, and under what name it was asked for: of a
// script that is the script, and the program its interpreter.
func (u *use) start(program, name, folder string) {
	if path.IsAbs(program) {
		u.executed[program] = true
	}
	if !path.IsAbs(name) {
		name = path.Join(folder, name)
	}
	if path.IsAbs(name) {
		u.started[path.Clean(name)] = true
	}
}

// byRuntime reports whether an event is of the container's runtime, which starts
// inside of the container's control groups, at first with the machine's files. It
// runs from a copy of itself, and calls itself many things.
func byRuntime(e *sensor.Event) bool {
	for _, runtime := range []string{"runc", "crun"} {
		program := path.Base(strings.TrimSuffix(text(e, falco.ProcExepath, ""), " (deleted)"))
		if strings.HasPrefix(text(e, falco.ProcName, ""), runtime) || strings.HasPrefix(strings.TrimPrefix(program, "memfd:"), runtime) {
			return true
		}
	}
	return false
}

// write notes that a path was, or could not be, written to.
func (u *use) write(name string, result int64) {
	const eacces, erofs = -13, -30
	name = path.Clean(name)
	switch {
	case !path.IsAbs(name):
	case result >= 0:
		u.written[name] = true
	case result == eacces || result == erofs:
		u.denied[name] = true
	}
}

// written returns what a container has written until now.
func (w *watcher) written(id string) map[string]bool {
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	if u := w.seen[id]; u != nil {
		return maps.Clone(u.written)
	}
	return nil
}

// executed returns the programs that a container has run until now.
func (w *watcher) executed(id string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u := w.seen[id]; u != nil {
		return sorted(u.executed)
	}
	return nil
}

// started returns the names by which a container has asked for programs until now.
func (w *watcher) started(id string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u := w.seen[id]; u != nil {
		return sorted(u.started)
	}
	return nil
}

// settle returns when the events of what has happened are read, or will not be.
func (w *watcher) settle() {
	const wait, step = 5 * time.Second, 20 * time.Millisecond
	first, err := w.sensor.Counts()
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for end := time.Now().Add(wait); err == nil && time.Now().Before(end); {
		var now sensor.Counts
		if now, err = w.sensor.Counts(); now.Read+now.Dropped >= first.Produced {
			return
		}
		<-ticker.C
	}
}
