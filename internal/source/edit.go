package source

import (
	"cmp"
	"fmt"
	"slices"
)

// An Edit replaces the text under Span with New. A pure insertion has
// Span.Start == Span.End.
type Edit struct {
	Span Span
	New  string

	// Key names what a pure insertion adds, such as the mapping key
	// "read_only". Insertions at one place may be applied together when
	// their keys differ, because neither needs to see the other. An
	// insertion without a key goes alone.
	Key string

	// Depth orders insertions at one place: the deeper goes first. The end
	// of a nested list is also the end of what it is nested in, and what is
	// added to the list must come before what is added after it.
	Depth int
}

// Meets reports whether a and b may not be applied in one go: they overlap,
// touch, or insert the same thing at one place.
func (e Edit) Meets(other Edit) bool {
	a, b := e.Span, other.Span
	if a.File != b.File || a.Start > b.End || b.Start > a.End {
		return false
	}
	insertions := a.Start == a.End && b.Start == b.End
	return !insertions || e.Key == "" || other.Key == "" || e.Key == other.Key
}

// Apply returns the text of f with edits applied, every other byte untouched.
// Insertions at one place and of one depth keep the order of edits. It fails if any two edits
// overlap or one points into another file.
func Apply(f *File, edits []Edit) ([]byte, error) {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int {
		if c := cmp.Compare(a.Span.Start, b.Span.Start); c != 0 {
			return c
		}
		if c := cmp.Compare(a.Span.End, b.Span.End); c != 0 {
			return c // insertions go before a replacement that starts there
		}
		return cmp.Compare(b.Depth, a.Depth)
	})
	out := make([]byte, 0, len(f.Text)+256)
	last := 0
	for _, e := range edits {
		if e.Span.File != f {
			return nil, fmt.Errorf("%s: edit points into another file", f.Name)
		}
		if e.Span.Start < last || e.Span.End > len(f.Text) || e.Span.End < e.Span.Start {
			return nil, fmt.Errorf("%s: edits overlap at byte %d", f.Name, e.Span.Start)
		}
		out = append(out, f.Text[last:e.Span.Start]...)
		out = append(out, e.New...)
		last = e.Span.End
	}
	return append(out, f.Text[last:]...), nil
}
