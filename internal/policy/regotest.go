package policy

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"

	"bulkhead/internal/source"
)

// regoTests are the test rules of a set, as opa test and conftest verify run
// them.
type regoTests struct {
	codes codes
	tests []*regoTest
}

type regoTest struct {
	name  string // "data.main.test_root"
	query *query
}

// testPrefix starts the name of a rule that is a test; what starts with
// todoPrefix is one to be written.
const (
	testPrefix = "test_"
	todoPrefix = "todo_test_"
)

// loadTests prepares the test rules among the modules of all.
func (s *Set) loadTests(all codes, compiler *ast.Compiler, store storage.Store) error {
	out := &regoTests{codes: all}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		seen := map[string]bool{}
		for _, r := range c.module.Rules {
			ref := r.Head.Ref()
			head, _ := ref[0].Value.(ast.Var)
			if !strings.HasPrefix(string(head), testPrefix) || seen[string(head)] {
				continue
			}
			seen[string(head)] = true
			full := c.module.Package.Path.String() + "." + string(head)
			q, err := all.prepare(compiler, store, full, c.at(r.Location))
			errs = append(errs, err)
			out.tests = append(out.tests, &regoTest{full, q})
		}
	}
	s.tests = append(s.tests, out)
	return errors.Join(errs...)
}

// runTests runs the test rules.
func (s *Set) runTests(ctx context.Context, only *regexp.Regexp) ([]TestResult, []Coverage, error) {
	var results []TestResult
	var coverage []Coverage
	for _, x := range s.tests {
		tracer := cover.New()
		e := s.evaluation()
		e.tracer = tracer
		for _, t := range x.tests {
			if only != nil && !only.MatchString(t.name) {
				continue
			}
			answers, err := e.ask(ctx, t.query, ast.NewObject())
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			if err == nil && !holds(answers) {
				err = errors.New("it does not hold")
			}
			results = append(results, TestResult{Name: t.name, Place: t.query.rule, Err: err})
		}
		if len(x.tests) > 0 {
			coverage = append(coverage, covered(x.codes, tracer)...)
		}
	}
	return results, coverage, nil
}

// holds reports whether a test's answer is true, or a table of cases that all
// are.
func holds(answers []*ast.Term) bool {
	if len(answers) != 1 {
		return false
	}
	o, ok := answers[0].Value.(ast.Object)
	if !ok {
		return ast.Boolean(true).Equal(answers[0].Value)
	}
	return o.Len() > 0 && !o.Until(func(_, v *ast.Term) bool { return !ast.Boolean(true).Equal(v.Value) })
}

// covered returns how much of cs, tests aside, c has seen.
func covered(cs codes, c *cover.Cover) []Coverage {
	modules := map[string]*ast.Module{}
	for name, x := range cs {
		if !strings.HasSuffix(path.Base(name), "_test.rego") {
			modules[name] = x.module
		}
	}
	report := c.Report(modules)
	var out []Coverage
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		r := report.Files[name]
		if r == nil {
			continue
		}
		x := cs[name]
		one := Coverage{File: name, Covered: r.CoveredLines, Lines: r.CoveredLines + r.NotCoveredLines}
		if x.whole.IsValid() && x.whole.File.Name != name {
			one.File = x.whole.File.Name + " (" + name + ")"
		}
		for _, m := range r.NotCovered {
			one.Missed = append(one.Missed, x.rows(m.Start.Row, m.End.Row))
		}
		slices.SortFunc(one.Missed, func(a, b source.Span) int { return cmp.Compare(a.Start, b.Start) })
		out = append(out, one)
	}
	return out
}

// rows returns the place of the given lines of c.
func (c *code) rows(first, last int) source.Span {
	f := c.whole.File
	if f == nil || c.line == 0 {
		return c.whole
	}
	end := c.line + last - 1
	return f.Span(f.LineStart(c.line+first-1)+c.indent, f.LineStart(end)+len(f.Line(end)))
}
