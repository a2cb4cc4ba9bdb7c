package falco

import (
	"fmt"
	"strings"

	"bulkhead/internal/source"
)

// Options say how rules are loaded.
type Options struct {
	Fields []Field // of plugins, beside the built-in ones
	Append string  // what to append to every output, such as SuggestedOutput
}

// A Set is the rules of some files, and what is wrong with them.
type Set struct {
	Rules       []*Rule // those that compile, disabled ones too, in the engine's order
	Diagnostics []Diagnostic
	Skipped     int // rules that cannot be used: faulty ones, and those of other sources
	Lists       int
	Macros      int

	symbols *symbols
}

// A Rule is one rule that can be evaluated.
type Rule struct {
	Name        string
	Description string
	Source      string
	Priority    Priority
	Tags        []string // in the order written, each once
	Enabled     bool
	Output      *Output
	Span        source.Span // the name

	condition *node
	index     int // among the rules of the set
}

// A Priority says how much a rule's alert matters. The smaller, the more.
type Priority uint8

// The priorities, as syslog has them.
const (
	Emergency Priority = iota
	Alerting           // "Alert"
	Critical
	Erroneous // "Error"
	Warn      // "Warning"
	Notice
	Informational
	Debug
)

var priorityNames = [...]string{"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug"}

func (p Priority) String() string { return priorityNames[p] }

// ParsePriority reads the name of a priority in any case.
func ParsePriority(name string) (Priority, bool) {
	if strings.EqualFold(name, "info") {
		return Informational, true
	}
	for i, n := range priorityNames {
		if strings.EqualFold(name, n) {
			return Priority(i), true
		}
	}
	return 0, false
}

// A loader reads rule files into a set.
type loader struct {
	options Options
	set     *Set
	symbols *symbols
	binder  *binder

	lists  defs[listDef]
	macros defs[macroDef]
	rules  defs[ruleDef]
	next   int // counts lists, macros and rules as they come

	mentioned map[string]bool // words of what could not be read
}

// defs are definitions in the order of their first appearance. A later one of
// the same name takes the place of the earlier.
type defs[T any] struct {
	list   []*T
	byName map[string]*T
}

func (d *defs[T]) add(name string, v *T) {
	if d.byName == nil {
		d.byName = map[string]*T{}
	}
	d.list = append(d.list, v)
	d.byName[name] = v
}

// Load reads files in the order given: later ones may override what earlier
// ones define. The engine stops at the first error; Load goes on, so that all
// are known at once, and leaves out what is faulty.
func Load(files []*source.File, o Options) *Set {
	s := newSymbols(o.Fields)
	l := &loader{options: o, set: &Set{symbols: s}, symbols: s, binder: newBinder(s)}
	for _, f := range files {
		l.read(f)
	}
	l.compile()
	l.set.Lists, l.set.Macros = len(l.lists.list), len(l.macros.list)
	sortDiagnostics(l.set.Diagnostics, files)
	return l.set
}

// Err returns an error that says how many errors there are, or nil.
func (s *Set) Err() error {
	n := 0
	for _, d := range s.Diagnostics {
		if d.Level == Error {
			n++
		}
	}
	switch n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("the rules have an error")
	}
	return fmt.Errorf("the rules have %d errors", n)
}

// Compile compiles the enabled rules. Setting Enabled before it chooses them.
func (s *Set) Compile() *Program {
	var rules []*Rule
	for _, r := range s.Rules {
		if r.Enabled {
			rules = append(rules, r)
		}
	}
	return compile(s.symbols, rules)
}
