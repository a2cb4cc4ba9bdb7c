// Package dockerfile reads Dockerfiles as BuildKit does, every instruction,
// flag and word with its place in the text.
package dockerfile

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"bulkhead/internal/frontend/dockerfile/shell"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Limits of what is read. What lies beyond them is a fault.
const (
	maxFile      = 8 << 20
	maxStages    = 1000
	maxSteps     = 5_000   // instructions
	maxInherited = 1 << 18 // variables, ports, volumes and labels copied from stage to stage
	maxFaults    = 100
)

// Options say how a Dockerfile is built.
type Options struct {
	Args   map[string]string // build arguments given
	Target string            // the stage to build; "" is the last one

	// Base returns what is known about an image that a stage starts from, nil
	// where nothing is. It may be nil.
	Base func(model.Reference) *model.ImageConfig
}

// Read reads f. It always returns one build; what it could not read is among
// the faults.
func Read(f *source.File, o Options) *model.Facts {
	r := newReader(f, o)
	if len(f.Text) > maxFile {
		r.fault(f.Span(0, 1), "file is larger than 8 MB")
		return r.facts
	}
	r.read()
	return r.facts
}

// A reader reads one Dockerfile.
type reader struct {
	file   *source.File
	whole  string // its text
	o      Options
	build  *model.Build
	facts  *model.Facts
	shell  *shell.Parser
	expand *expander
	global *scope   // build arguments before the first stage
	stages []*stage // as r.build.Stages
	names  map[string]*stage
	stage  *stage // the current one; nil before the first

	lines     []*statement // as r.build.Instructions
	inherited int
	refused   bool // a fault about stages was given
	cut       bool // the rest of the file is not read
}

func newReader(f *source.File, o Options) *reader {
	b := &model.Build{Name: f.Name, File: f}
	return &reader{
		file:   f,
		o:      o,
		build:  b,
		facts:  &model.Facts{Builds: []*model.Build{b}},
		shell:  shell.NewParser(),
		global: &scope{open: true},
	}
}

func (r *reader) read() {
	r.whole = string(r.file.Text)
	s := &scanner{file: r.file, whole: r.whole, escape: '\\', fault: r.fault}
	for {
		l, ok := s.line()
		if !ok {
			break
		}
		if r.expand == nil { // the escape character is settled by the first line
			r.expand = newExpander(s.escape)
		}
		st := split(l, s.escape)
		if r.cut = r.full(l, st); r.cut {
			break
		}
		r.takeDocuments(s, st)
		r.statement(st)
	}
	r.syntax()
	r.finish()
	if len(r.build.Instructions) == 0 {
		r.fault(r.file.Span(0, 0), "file with no instructions")
	}
	slices.SortStableFunc(r.facts.Faults, func(a, b model.Fault) int { return a.Place.Span.Start - b.Place.Span.Start })
}

// full reports whether st, on line l, is one more than are read, and says so.
func (r *reader) full(l line, st *statement) bool {
	switch {
	case len(r.lines) == maxSteps:
		r.fault(r.file.Span(l.start, l.end), "more than 5000 instructions; the rest is not read")
	case st.name == "FROM" && len(r.stages) == maxStages:
		r.fault(r.file.Span(l.start, l.end), "more than 1000 stages; the rest is not read")
	default:
		return false
	}
	return true
}

// syntax reads the syntax directive.
func (r *reader) syntax() {
	text := r.file.Text[:min(len(r.file.Text), maxLine)]
	r.build.Syntax.Span = r.file.Span(0, 0)
	start := bytes.TrimLeft(text, "\ufeff")
	if len(start) == 0 || start[0] != '#' && start[0] != '/' {
		return
	}
	image, _, at, ok := parser.DetectSyntax(text)
	if !ok || len(at) == 0 {
		return
	}
	from := r.file.LineStart(at[0].Start.Line)
	i := bytes.Index(r.file.Text[from:], []byte(image))
	if i < 0 {
		return
	}
	span := r.file.Span(from+i, from+i+len(image))
	r.build.Syntax = model.Fact[string]{Value: image, State: model.Set, Span: span, Edit: func(v string) []source.Edit {
		if v == "" || strings.ContainsAny(v, " \t\r\n") {
			return nil
		}
		return []source.Edit{{Span: span, New: v}}
	}}
}

// finish settles the target and what it needs.
func (r *reader) finish() {
	for _, s := range r.stages {
		for i, in := range s.Instructions {
			r.sources(s, in, s.lines[i])
		}
		if r.cut && s == r.stage {
			s.unsettle()
		}
		r.close(s)
	}
	slices.SortStableFunc(r.facts.Images, func(a, b *model.Image) int { return a.Ref.Span.Start - b.Ref.Span.Start })
	target := r.target()
	if target == nil {
		return
	}
	r.build.Target = target.Stage
	r.build.Windows = target.windows
	r.need(target)
}

// target returns the stage that is built, nil where it may be one that was not
// read or is not there.
func (r *reader) target() *stage {
	if len(r.stages) == 0 {
		return nil
	}
	name := r.o.Target
	if name == "" {
		if r.cut {
			return nil
		}
		return r.stages[len(r.stages)-1]
	}
	if s := r.names[strings.ToLower(name)]; s != nil {
		return s
	}
	if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(r.stages) {
		return r.stages[i]
	}
	if r.cut {
		return nil
	}
	r.fault(r.stages[len(r.stages)-1].From.Keyword, fmt.Sprintf("target stage %q is not in the file", brief(name)))
	return nil
}

// need marks the stages that s is built from, itself included.
func (r *reader) need(s *stage) {
	todo := []*stage{s}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s.Needed {
			continue
		}
		s.Needed = true
		todo = append(todo, s.needs...)
	}
}

// fault notes what cannot be read.
func (r *reader) fault(span source.Span, message string) {
	if len(r.facts.Faults) >= maxFaults {
		return
	}
	r.facts.Faults = append(r.facts.Faults, model.Fault{
		Place: model.Place{Span: span}, Surface: model.Dockerfile, Message: message,
	})
}

// brief returns s cut to what a message can hold.
func brief(s string) string {
	const most = 160
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
