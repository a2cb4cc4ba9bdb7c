package falco

import (
	"cmp"
	"maps"
	"slices"
)

// Refs returns the fields that the condition of r looks at, sorted by name. One
// without a value may keep the rule from ever matching.
func (s *Set) Refs(r *Rule) []*Ref {
	u := usedRefs{symbols: s.symbols, nodes: map[*node]bool{}, refs: map[*Ref]bool{}}
	u.condition(r.condition)
	return slices.SortedFunc(maps.Keys(u.refs), func(a, b *Ref) int { return cmp.Compare(a.Text, b.Text) })
}
