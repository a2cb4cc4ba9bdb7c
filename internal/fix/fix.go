// Package fix applies the fixes of findings until none is left.
package fix

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"

	"bulkhead/internal/finding"
	"bulkhead/internal/source"
)

// maxPasses bounds the passes over the files. Fixes that need more undo one
// another, which is a bug in a rule.
const maxPasses = 10

// ErrCycle is returned when fixes still apply after maxPasses passes.
var ErrCycle = errors.New("fixes undo one another")

// A Permission says which fixes may be applied.
type Permission uint8

// The permissions.
const (
	Safe   Permission = iota // only fixes that cannot change what a working container can do
	Unsafe                   // all
)

// A Result is what fixing files came to.
type Result struct {
	Files   []*source.File    // as given, changed where a fix applied
	Applied []finding.Finding // in the order they were cured
	Left    []finding.Finding // what the last check still found
}

// Files checks files, applies the first permitted fix of every finding unless
// it meets one already taken, and checks again, until nothing is left to
// apply. The files given are not changed. Edits of other files are left out
// together with the rest of their fix.
func Files(files []*source.File, allow Permission, check func([]*source.File) ([]finding.Finding, error)) (*Result, error) {
	res := &Result{Files: slices.Clone(files)}
	for range maxPasses {
		found, err := check(res.Files)
		if err != nil {
			return nil, err
		}
		given := make(map[*source.File]bool, len(res.Files))
		for _, f := range res.Files {
			given[f] = true
		}
		taken, edits := choose(found, allow, func(f *source.File) bool { return given[f] })
		if len(taken) == 0 {
			res.Left = found
			return res, nil
		}
		for i, f := range res.Files {
			if len(edits[f]) == 0 {
				continue
			}
			text, err := source.Apply(f, edits[f])
			if err != nil {
				return nil, fmt.Errorf("apply fixes: %w", err)
			}
			next := source.NewFile(f.Name, text)
			next.Path = f.Path
			res.Files[i] = next
		}
		res.Applied = append(res.Applied, taken...)
	}
	return nil, fmt.Errorf("%w: still changing after %d passes", ErrCycle, maxPasses)
}

// choose returns the findings to cure in one pass and their edits by file,
// all of files that editable allows.
func choose(found []finding.Finding, allow Permission, editable func(*source.File) bool) ([]finding.Finding, plan) {
	edits := plan{}
	var taken []finding.Finding
	for _, f := range found {
		i := slices.IndexFunc(f.Fixes, func(x finding.Fix) bool { return x.Safe || allow == Unsafe })
		if i < 0 || !edits.fits(f.Fixes[i].Edits, editable) {
			continue
		}
		for _, e := range f.Fixes[i].Edits {
			edits.take(e)
		}
		taken = append(taken, f)
	}
	return taken, edits
}

// A plan holds the edits taken so far, by file and in the order of places. They
// do not overlap, so that they are in the order of their ends as well.
type plan map[*source.File][]source.Edit

// fits reports whether all of a fix can be applied beside what is taken.
func (p plan) fits(fix []source.Edit, editable func(*source.File) bool) bool {
	for _, e := range fix {
		if !editable(e.Span.File) || p.meets(e) {
			return false
		}
	}
	return true
}

// meets reports whether e meets an edit that is taken.
func (p plan) meets(e source.Edit) bool {
	taken := p[e.Span.File]
	first, _ := slices.BinarySearchFunc(taken, e.Span.Start, func(t source.Edit, start int) int { return cmp.Compare(t.Span.End, start) })
	for _, t := range taken[first:] {
		if t.Span.Start > e.Span.End {
			break
		}
		if e.Meets(t) {
			return true
		}
	}
	return false
}

// take adds e behind those at its place.
func (p plan) take(e source.Edit) {
	taken := p[e.Span.File]
	at := sort.Search(len(taken), func(i int) bool {
		t := taken[i].Span
		return t.Start > e.Span.Start || t.Start == e.Span.Start && t.End > e.Span.End
	})
	p[e.Span.File] = slices.Insert(taken, at, e)
}
