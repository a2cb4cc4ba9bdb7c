// Package falco is the Falco rules language: it reads rule files, says what is
// wrong with them, decides which rules an event matches, and writes the alert.
//
// The way of a rule: YAML objects are collected in order, with overrides and
// exceptions (Load); names of lists are replaced as text, conditions are
// parsed, macros are put in as trees, and every check is typed against the
// table of fields; Compile folds the conditions for every event type and turns
// them into closures; an Evaluator decides events.
//
// Two rules hold everywhere. A field that has no value makes its check false,
// whatever the operator, so that "not x = y" is then true. And nothing depends
// on where events come from: an event is what has a type and fields.
//
// The language is that of the engine's version 0.63. Sources other than syscall
// are recognised and skipped.
package falco

// EngineVersion is the version of the rules language, as rule files ask for it
// in required_engine_version.
const EngineVersion = "0.63.0"

// SuggestedOutput is what the engine's container plugin appends to the output
// of every rule.
const SuggestedOutput = "container_id=%container.id container_name=%container.name " +
	"container_image_repository=%container.image.repository container_image_tag=%container.image.tag " +
	"k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name"

// An Event is one thing that happened, as the rules see it.
type Event interface {
	// Type returns what happened; see EventTypeOf.
	Type() EventType

	// Shape returns what is known of the event at once, zero for nothing.
	Shape() Shape

	// Field puts the value of a field into v, which is zero, and reports
	// whether the event has one: every check of a field without a value is
	// false. An evaluator asks at most once for a field, and only when a rule
	// needs it.
	Field(r *Ref, v *Value) bool
}

// A Ref is a field as a rule names it.
type Ref struct {
	ID    FieldID
	Arg   string // what stands in brackets, or after the dot as in evt.arg.flags
	Index int    // Arg as a number, -1 where it is none
	Text  string // as rules write it: "proc.aname[2]"
}
