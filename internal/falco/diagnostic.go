package falco

import (
	"cmp"
	"slices"

	"bulkhead/internal/source"
)

// A Code says what kind of fault a diagnostic is about. Those in capitals are
// the engine's; the others are faults that the engine does not see.
type Code string

// The engine's errors: it refuses a file that has one.
const (
	YAMLParse        Code = "LOAD_ERR_YAML_PARSE"
	YAMLValidate     Code = "LOAD_ERR_YAML_VALIDATE"
	CompileCondition Code = "LOAD_ERR_COMPILE_CONDITION"
	CompileOutput    Code = "LOAD_ERR_COMPILE_OUTPUT"
	Validate         Code = "LOAD_ERR_VALIDATE"
)

// The engine's warnings.
const (
	UnknownSource    Code = "LOAD_UNKNOWN_SOURCE"
	UnsafeNACheck    Code = "LOAD_UNSAFE_NA_CHECK"
	NoEventType      Code = "LOAD_NO_EVTTYPE"
	UnknownFilter    Code = "LOAD_UNKNOWN_FILTER"
	UnusedMacro      Code = "LOAD_UNUSED_MACRO"
	UnusedList       Code = "LOAD_UNUSED_LIST"
	UnknownItem      Code = "LOAD_UNKNOWN_ITEM"
	DeprecatedItem   Code = "LOAD_DEPRECATED_ITEM"
	AppendNoValues   Code = "LOAD_APPEND_NO_VALUES"
	DoubleException  Code = "LOAD_EXCEPTION_NAME_NOT_UNIQUE"
	InvalidMacroName Code = "LOAD_INVALID_MACRO_NAME"
	InvalidListName  Code = "LOAD_INVALID_LIST_NAME"
	ConditionWarning Code = "LOAD_COMPILE_CONDITION"
	UnknownKey       Code = "LOAD_UNKNOWN_KEY"
)

// Our own warnings, about conditions that load and do not do what they say.
const (
	ExcludesIPv4 Code = "excludes-ipv4" // a rule about connections that leaves out all over IPv4
	NeverMatches Code = "never-matches" // no event can make the condition true
	UnknownList  Code = "unknown-list"  // a value that looks like the name of a list
)

// A Level says whether rules with a diagnostic load.
type Level uint8

// The levels of diagnostics.
const (
	Warning Level = iota
	Error
)

func (l Level) String() string { return [...]string{"warning", "error"}[l] }

// A Diagnostic is one thing that is wrong with rule files.
type Diagnostic struct {
	Code    Code
	Level   Level
	Span    source.Span // where it starts: inside a condition, the byte in the file
	Item    string      // such as `rule "Shell in a container"`; may be empty
	Message string
}

// report adds a diagnostic unless it is there: what is wrong with a macro is
// seen again by every rule that uses it.
func (l *loader) report(d Diagnostic) {
	for _, known := range l.set.Diagnostics {
		if known.Code == d.Code && known.Span == d.Span && known.Message == d.Message {
			return
		}
	}
	l.set.Diagnostics = append(l.set.Diagnostics, d)
}

func (l *loader) fail(code Code, span source.Span, item, message string) {
	l.report(Diagnostic{code, Error, span, item, message})
}

func (l *loader) warn(code Code, span source.Span, item, message string) {
	l.report(Diagnostic{code, Warning, span, item, message})
}

// sortDiagnostics puts the diagnostics in the order of the files as given and
// of the places in them.
func sortDiagnostics(list []Diagnostic, files []*source.File) {
	slices.SortStableFunc(list, func(a, b Diagnostic) int {
		if c := cmp.Compare(slices.Index(files, a.Span.File), slices.Index(files, b.Span.File)); c != 0 {
			return c
		}
		return cmp.Compare(a.Span.Start, b.Span.Start)
	})
}
