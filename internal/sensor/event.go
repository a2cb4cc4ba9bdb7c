package sensor

import (
	"time"

	"bulkhead/internal/falco"
)

// A Container is what the engine says of a container.
type Container struct {
	ID          string
	Name        string
	Image       string // as the container was started from it
	ImageID     string
	Privileged  bool
	HostPID     bool
	HostNetwork bool
	HostIPC     bool
	Mounts      []Mount
	Labels      map[string]string
	Started     time.Time
}

// A Mount is a folder or a file that a container got from outside.
type Mount struct {
	Source, Destination, Mode, Propagation string

	Writable bool
}

// An Event is one thing that happened on this machine. It implements
// falco.Event and is good until the handler returns.
type Event struct {
	Time      time.Time
	Container *Container // nil on the host, and while the engine has not answered
	Pending   bool       // of a container that the engine has not described

	raw
	number    uint64
	kind      falco.EventType
	name      string
	call      *call // nil where the event is no system call
	id        string
	proc      *process
	fd        descriptor
	described bool // fd is worked out
	names     *names
}

// ContainerID returns the id of the event's container, "" on the host.
func (e *Event) ContainerID() string { return e.id }

// Type implements falco.Event.
func (e *Event) Type() falco.EventType { return e.kind }

// Shape implements falco.Event.
func (e *Event) Shape() falco.Shape {
	s := falco.InContainer
	if e.id == "" {
		s = falco.OnHost
	}
	if e.Ret >= 0 {
		s |= falco.Succeeded
	} else {
		s |= falco.Failed
	}
	if e.opens() {
		s |= e.openShape()
	}
	return s
}

// openShape returns what is known of a file that is opened.
func (e *Event) openShape() (s falco.Shape) {
	flags := e.openFlags()
	if flags&3 != 1 {
		s |= falco.OpensToRead
	}
	if flags&3 != 0 {
		s |= falco.OpensToWrite
	}
	if e.Ret < 0 || !e.makes() {
		s |= falco.OpensExisting
	}
	switch {
	case e.call.file() < 0: // a handle may be that of anything
	case flags&openDirectory != 0:
		s |= falco.OpensFolder
	default:
		s |= falco.OpensFile
	}
	return s
}

// openDirectory is O_DIRECTORY.
const openDirectory = 0o200000

// Field implements falco.Event.
func (e *Event) Field(r *falco.Ref, v *falco.Value) bool {
	if int(r.ID) >= len(getters) {
		return false
	}
	get := getters[r.ID]
	return get != nil && get(e, r, v)
}

// kept returns a copy that later events do not change.
func (e *Event) kept() *Event {
	copied, proc := *e, *e.proc
	copied.proc = &proc
	return &copied
}

// opens reports whether the event opens a file.
func (e *Event) opens() bool { return e.call.opens() }

// openFlags returns how a file was to be opened.
func (e *Event) openFlags() uint64 {
	switch e.call.nr {
	case 2:
		return e.Args[1]
	case 257:
		return e.Args[2]
	case 304:
		return e.Args[2]
	case 437:
		return e.how(0)
	}
	return 0o1101 // creat
}

// openMode returns the permissions of a file that may be made.
func (e *Event) openMode() uint64 {
	if e.name == "openat2" {
		return e.how(8)
	}
	if i := e.call.argument("mode"); i >= 0 {
		return e.Args[i]
	}
	return 0
}

// makes reports whether opening may have made the file.
func (e *Event) makes() bool {
	const create, temporary = 0o100, 0o20200000
	f := e.openFlags()
	return f&create != 0 || f&temporary == temporary
}
