// Package watch takes alerts from the kernel's events and from the engine's,
// and brings them to where somebody sees them: it groups what repeats, writes
// outputs, and responds.
package watch

import (
	"strconv"
	"time"

	"bulkhead/internal/falco"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
)

// An Alert is an alert of a rule, with what it is about.
type Alert struct {
	falco.Alert

	Subject   Subject
	Container *sensor.Container // nil on the host, and where the engine has not said
	Pairs     []Pair            // what an exception of the rule would compare; nil for none
}

// A Subject is what an alert is about. Alerts of one rule with the same subject
// are of one kind: after the first, they are counted.
type Subject struct {
	Image   string // "" on the host
	Process string // the path of the program that did it
	Target  string // the file, the program or the other end of the connection
}

// add puts a field into the alert's output and among its fields.
func (a *Alert) add(name, value string) {
	value = report.Printable(value)
	a.Output += " " + name + "=" + value
	a.Fields = append(a.Fields, falco.OutputField{Name: "bulkhead." + name, Value: value})
}

// SubjectOf returns what an event is about.
func SubjectOf(e *sensor.Event) Subject {
	s := Subject{Process: fieldOf(e, falco.ProcExepath)}
	if s.Process == "" {
		s.Process = fieldOf(e, falco.ProcName)
	}
	if e.Container != nil {
		s.Image = e.Container.Image
	} else {
		s.Image = e.ContainerID()
	}
	switch kind := fieldOf(e, falco.EvtType); kind {
	case "execve", "execveat":
		s.Target, s.Process = s.Process, fieldOf(e, falco.ProcPexepath)
	default:
		s.Target = targetOf(e)
	}
	return s
}

// targetOf returns the file of an event, or the other end of its connection:
// the port on this side is another each time.
func targetOf(e *sensor.Event) string {
	if addr := fieldOf(e, falco.FDRIP); addr != "" {
		return addr + ":" + fieldOf(e, falco.FDRport)
	}
	for _, id := range []falco.FieldID{falco.FDName, falco.FsPathName, falco.FsPathTarget} {
		if s := fieldOf(e, id); s != "" {
			return s
		}
	}
	return fieldOf(e, falco.EvtType)
}

// fieldOf returns a field as text, "" where the event has none.
func fieldOf(e *sensor.Event, id falco.FieldID) string {
	var v falco.Value
	if !e.Field(&falco.Ref{ID: id, Index: -1}, &v) {
		return ""
	}
	switch {
	case v.Str != "":
		return v.Str
	case v.Addr.IsValid():
		return v.Addr.String()
	case v.Num != 0:
		return strconv.FormatInt(v.Num, 10)
	}
	return ""
}

// made returns an alert that comes from no rule file.
func made(r Rule, source string, at time.Time) Alert {
	return Alert{Alert: falco.Alert{Time: at, Rule: r.Name, Priority: r.Priority, Source: source}}
}

// Types of events, looked up once.
var (
	connecting = falco.EventTypeOf("connect")
	opening    = falco.EventTypeOf("open")
	openingAt  = falco.EventTypeOf("openat")
	openingAt2 = falco.EventTypeOf("openat2")
)
