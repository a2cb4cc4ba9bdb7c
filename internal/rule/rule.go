// Package rule defines what a rule is.
package rule

import (
	"fmt"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A Rule checks one practice. Rules are values: a rule holds no state, and
// nothing registers itself.
type Rule struct {
	// Name identifies the rule everywhere: on the command line, in
	// suppressions, in SARIF. It is kebab-case, names the fault and never
	// changes.
	Name string

	// Summary is one sentence without a final period.
	Summary string

	Severity finding.Severity

	// Refs are what other tools and benchmarks call the same practice, each
	// a source, a blank and an id: "CIS-Docker 5.5", "hadolint DL3002".
	Refs []string

	// Gain completes the sentence "an attacker in the container can …", for
	// the ranking; empty for rules about hygiene.
	Gain string

	// Prize is the best an attacker gets, for the ranking.
	Prize finding.Prize

	// Doc is the rule's archive: prose, and for every surface a bad example
	// with the findings it must raise and the good example its fix produces.
	Doc string

	// Since is the edition the rule came with, such as "2026.2"; empty for
	// the first. Rules newer than the configuration's edition are info.
	Since string

	// Exactly one of these checks one subject. It must not look at anything
	// but its arguments: no files, network, clock or logger.
	Workload func(p *Pass, w *model.Workload)
	Image    func(p *Pass, i *model.Image)
	Build    func(p *Pass, b *model.Build)
	Network  func(p *Pass, n *model.Network)
	Host     func(p *Pass, h *model.Host)
	Grant    func(p *Pass, g *model.Grant)
}

// A Pass is one run of one rule over a system.
type Pass struct {
	Site   model.Site
	System *model.System

	rule    *Rule
	subject finding.Finding     // the fields every finding about the subject shares
	parts   [][]finding.Finding // in order; none is moved once it is full
}

// Run applies r to every subject of s it is about and returns what it found,
// in the order of s.
func Run(r *Rule, s *model.System) []finding.Finding { return slices.Concat(RunParts(r, s)...) }

// RunParts is Run for callers that put the findings of several rules together:
// it leaves them in parts, which follow each other.
func RunParts(r *Rule, s *model.System) [][]finding.Finding {
	p := &Pass{Site: s.Site, System: s, rule: r}
	switch {
	case r.Workload != nil:
		for _, w := range s.Workloads {
			p.subject = finding.Finding{Subject: w.Name, Surface: w.Surface, Workload: w}
			r.Workload(p, w)
		}
	case r.Image != nil:
		for _, i := range s.Images {
			p.subject = finding.Finding{Subject: i.Name, Surface: i.Surface, Image: i}
			r.Image(p, i)
		}
	case r.Build != nil:
		for _, b := range s.Builds {
			p.subject = finding.Finding{Subject: b.Name, Surface: model.Dockerfile, Build: b}
			r.Build(p, b)
		}
	case r.Network != nil:
		for _, n := range s.Networks {
			p.subject = finding.Finding{Subject: n.Name, Surface: n.Surface, Network: n}
			r.Network(p, n)
		}
	case r.Host != nil:
		for _, h := range s.Hosts {
			p.subject = finding.Finding{Subject: h.Name, Surface: h.Surface, Host: h}
			r.Host(p, h)
		}
	case r.Grant != nil:
		for _, g := range s.Grants {
			p.subject = finding.Finding{Subject: g.Name, Surface: model.Kube}
			r.Grant(p, g)
		}
	}
	return p.parts
}

// Report reports a finding at place with the fixes that would cure it. The
// finding returned may be refined until the rule returns.
func (p *Pass) Report(at model.Place, message string, fixes ...finding.Fix) *finding.Finding {
	f := p.subject
	f.Rule, f.Severity, f.Gain, f.Prize = p.rule.Name, p.rule.Severity, p.rule.Gain, p.rule.Prize
	f.Span, f.Path, f.Likely = at.Span, at.Path, at.Likely
	f.Message = message
	for _, fix := range fixes {
		if len(fix.Edits) > 0 {
			f.Fixes = append(f.Fixes, fix)
		}
	}
	last := len(p.parts) - 1
	if last < 0 || len(p.parts[last]) == cap(p.parts[last]) {
		p.parts = append(p.parts, make([]finding.Finding, 0, partSizes[min(last+1, len(partSizes)-1)]))
		last++
	}
	p.parts[last] = append(p.parts[last], f)
	return &p.parts[last][len(p.parts[last])-1]
}

// partSizes are how many findings parts hold: most rules find little.
var partSizes = [...]int{1, 3, 12, 48}

// Reportf is Report with a formatted message and no fix.
func (p *Pass) Reportf(at model.Place, format string, args ...any) *finding.Finding {
	return p.Report(at, fmt.Sprintf(format, args...))
}

// At returns the place of text span.
func At(span source.Span) model.Place { return model.Place{Span: span} }

// Set returns the fix that makes fact say v: one without edits, which Report
// leaves out, where fact cannot be edited.
func Set[T any](fact model.Fact[T], v T, message string) finding.Fix {
	fix := finding.Fix{Message: message}
	if fact.Edit != nil {
		fix.Edits = fact.Edit(v)
	}
	return fix
}

// Delete returns the fix that takes fact's statement away.
func Delete[T any](fact model.Fact[T], message string) finding.Fix {
	return Do(fact.Delete, message)
}

// Add returns the fix that adds v to list.
func Add[T any](list model.List[T], v T, message string) finding.Fix {
	fix := finding.Fix{Message: message}
	if list.Add != nil {
		fix.Edits = list.Add(v)
	}
	return fix
}

// Do returns the fix that edits, which may be nil, makes.
func Do(edits func() []source.Edit, message string) finding.Fix {
	fix := finding.Fix{Message: message}
	if edits != nil {
		fix.Edits = edits()
	}
	return fix
}

// Safe returns fix marked as one that cannot change what a working container
// can do.
func Safe(fix finding.Fix) finding.Fix {
	fix.Safe = true
	return fix
}

// Syntax is the name of the rule about artifacts that cannot be read. It has
// no function: package check reports the system's faults under it.
const Syntax = "syntax"
