package sensor

import (
	"fmt"
	"strings"

	"bulkhead/internal/falco"
)

// Supports reports whether events can have a value for a field.
func Supports(r *falco.Ref) bool { return Why(r) == "" }

// Why says why events never have a value for a field, or "" where they can have
// one. A check of such a field is false, whatever the operator.
func Why(r *falco.Ref) string {
	if r.ID == falco.EvtArg {
		return whyArgument(r.Arg)
	}
	if int(r.ID) < len(getters) && getters[r.ID] != nil || follows(r.ID) {
		return ""
	}
	for _, m := range missing {
		if strings.HasPrefix(r.Text, m.prefix) {
			return m.why
		}
	}
	return "the sensor does not read it"
}

// follows reports whether a field follows from the type of an event.
func follows(id falco.FieldID) bool {
	switch id {
	case falco.EvtTypeIs, falco.EvtDir, falco.EvtCount:
		return true
	}
	return false
}

// whyArgument says why no event has an argument of that name.
func whyArgument(name string) string {
	e := Event{proc: &process{image: &image{env: "A=b"}}, names: &names{host: &nameFiles{}}}
	if _, ok := e.arg(name); ok || name == "data" || name == "tuple" {
		return ""
	}
	for i := range calls {
		if calls[i].argument(name) >= 0 {
			return ""
		}
	}
	return "no system call that the sensor tells of has an argument called " + name
}

// missing are fields that cannot be had, by how they begin.
var missing = [...]struct{ prefix, why string }{
	{"k8smeta.", "it needs a connection to Kubernetes's API"},
	{"k8s.", "the container's labels tell the pod's name and namespace alone"},
	{"evt.latency", "calls are seen when they end: when they began is not known"},
	{"evt.wait_latency", "calls are seen when they end: when they began is not known"},
	{"evt.delta", "events of several processors have no one before them"},
	{"evt.around", "a running system has no other events to compare the time with"},
	{"evt.abspath", "fd.name and the arguments are absolute already"},
	{"evt.buflen.", "only the length of what was sent or received is known: evt.buflen"},
	{"evt.is_wait", "calls that wait are not seen"},
	{"evt.is_io", "reading and writing are not seen"},
	{"evt.io_dir", "reading and writing are not seen"},
	{"syslog.", "what is written to sockets is not read"},
	{"evt.is_syslog", "what is written to sockets is not read"},
	{"thread.cpu", "what a process uses is not measured"},
	{"thread.vm", "what a process uses is not measured"},
	{"proc.vm", "what a process uses is not measured"},
	{"proc.fd", "what a process uses is not measured"},
	{"fdlist.", "calls about several descriptors are not seen"},
}

// Fields returns how many fields of the rules language events can have a value
// for, and how many there are.
func Fields() (known, all int) {
	for i, f := range falco.Fields()[1:] {
		all++
		if id := falco.FieldID(i + 1); id == falco.EvtArg || Supports(&falco.Ref{ID: id, Text: f.Name}) {
			known++
		}
	}
	return known, all
}

// Unsupported returns the types of events among names that the sensor cannot
// tell about.
func Unsupported(names []string) []string {
	var unseen []string
	for _, n := range names {
		if callNamed(n) == nil {
			unseen = append(unseen, n)
		}
	}
	return unseen
}

// language says how much of the rules language events can answer.
func language() Probe {
	known, all := Fields()
	return works("rules", fmt.Sprintf("%d of %d fields can have a value, %d kinds of system calls are seen; falco lint names what a rule lacks",
		known, all, len(calls)))
}
