package falco

import (
	"slices"
	"strings"
)

// An EventType names what happened in the table of event types. Zero is an
// event that has no name there.
type EventType uint16

// eventTypes is the table of event types by id.
type eventTypes struct {
	names  []string
	byName map[string]EventType
}

func newEventTypes() *eventTypes {
	t := &eventTypes{names: append([]string{""}, strings.Fields(eventNames)...)}
	t.byName = make(map[string]EventType, len(t.names))
	for i, n := range t.names[1:] {
		t.byName[n] = EventType(i + 1)
	}
	return t
}

// EventTypeOf returns the type called name, such as "execve", or zero. It
// searches; look names up once.
func EventTypeOf(name string) EventType {
	if name == "" {
		return 0
	}
	return EventType(slices.Index(strings.Fields(eventNames), name) + 1)
}

// String returns the name of t, or "" for zero.
func (t EventType) String() string {
	names := strings.Fields(eventNames)
	if t == 0 || int(t) > len(names) {
		return ""
	}
	return names[t-1]
}

// opens reports whether the event called name opens a file. The fields
// evt.is_open_… are false for all others.
func opens(name string) bool {
	switch name {
	case "open", "openat", "openat2", "open_by_handle_at", "creat":
		return true
	}
	return false
}
