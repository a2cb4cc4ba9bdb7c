package falco

import (
	"cmp"
	"slices"
)

// A builder turns folded conditions into closures for one type of event.
type builder struct {
	uses  map[*folded]int
	costs map[*folded]float64
	tests map[*folded]func(*Evaluator) bool
	memos int
}

func (b *builder) program(rules []*Rule, roots []*folded) *typeProgram {
	b.uses = map[*folded]int{}
	b.costs = map[*folded]float64{}
	b.tests = map[*folded]func(*Evaluator) bool{}
	for _, r := range roots {
		b.count(r)
	}
	p := &typeProgram{rules: len(roots)}
	parts := make([]*parted, len(roots))
	for i, r := range roots {
		parts[i] = &parted{rule: rules[i], kids: []*folded{r}}
		if r.kind == nodeAnd {
			parts[i].kids = r.kids
		}
	}
	p.root = b.group(parts)
	p.memos = b.memos
	return p
}

// A group is rules that hold only if a check does that they have in common.
type group struct {
	test   func(*Evaluator) bool // nil for the outermost
	groups []*group
	rules  []typeRule
}

type typeRule struct {
	rule *Rule
	test func(*Evaluator) bool
}

// A parted is a rule and the parts of its condition that are left to test.
type parted struct {
	rule *Rule
	kids []*folded
}

// group groups rules by what most of them have in common, again and again.
// Most events are of no interest to most rules, and are done with at once.
func (b *builder) group(parts []*parted) *group {
	g := &group{}
	for {
		common := b.common(parts)
		if common == nil {
			break
		}
		var in, out []*parted
		for _, p := range parts {
			if i := slices.Index(p.kids, common); i >= 0 {
				in = append(in, &parted{p.rule, slices.Delete(slices.Clone(p.kids), i, i+1)})
			} else {
				out = append(out, p)
			}
		}
		inner := b.group(in)
		b.uses[common] -= len(in) - 1 // the group asks for all of them
		inner.test = b.test(common)
		g.groups = append(g.groups, inner)
		parts = out
	}
	for _, p := range parts {
		rest := &folded{kind: nodeAnd, kids: p.kids}
		switch len(p.kids) {
		case 0:
			rest = &folded{kind: nodeTrue}
		case 1:
			rest = p.kids[0]
		default:
			b.uses[rest] = 1
		}
		g.rules = append(g.rules, typeRule{p.rule, b.test(rest)})
	}
	return g
}

// common returns the cheap check that is likely to rule out the most of parts,
// or nil where no two share one.
func (b *builder) common(parts []*parted) *folded {
	count := map[*folded]int{}
	for _, p := range parts {
		for _, k := range p.kids {
			count[k]++
		}
	}
	var best *folded
	score := 0.0
	for k, n := range count {
		s := float64(n-1) * (1 - k.odds)
		if n < 2 || s < score || s == score && best != nil && k.id > best.id || b.cost(k)*float64(b.uses[k]) > 60 {
			continue
		}
		best, score = k, s
	}
	return best
}

// count counts how often a condition is asked for.
func (b *builder) count(d *folded) {
	if b.uses[d]++; b.uses[d] == 1 {
		for _, k := range d.kids {
			b.count(k)
		}
	}
}

// cost guesses what d costs each time it is asked for. What several conditions
// share is worked out once.
func (b *builder) cost(d *folded) float64 {
	if c, ok := b.costs[d]; ok {
		return c
	}
	var c float64
	switch d.kind {
	case nodeLeaf:
		c = d.leaf.cost
	case nodeNot:
		c = b.cost(d.kids[0])
	case nodeAnd, nodeOr:
		reach := 1.0
		for _, k := range b.ordered(d) {
			c += reach * b.cost(k)
			if d.kind == nodeAnd {
				reach *= k.odds
			} else {
				reach *= 1 - k.odds
			}
		}
	}
	c = c/float64(b.uses[d]) + 1
	b.costs[d] = c
	return c
}

// ordered returns the kids of d by the price of a verdict: that of "and" is
// false, that of "or" is true.
func (b *builder) ordered(d *folded) []*folded {
	price := func(k *folded) float64 {
		odds := k.odds
		if d.kind == nodeAnd {
			odds = 1 - odds
		}
		return b.cost(k) / max(odds, 1e-6)
	}
	kids := slices.Clone(d.kids)
	slices.SortStableFunc(kids, func(x, y *folded) int { return cmp.Compare(price(x), price(y)) })
	return kids
}

// test returns the closure of d. The result of one that several conditions
// share is kept while an event is looked at.
func (b *builder) test(d *folded) func(*Evaluator) bool {
	if t, ok := b.tests[d]; ok {
		return t
	}
	t := b.fresh(d)
	switch {
	case b.uses[d] > 1 && d.kind == nodeLeaf && d.leaf.test != nil && d.leaf.right == noSlot:
		t = keptLeaf(d.leaf, b.memos)
		b.memos++
	case b.uses[d] > 1 && d.kind != nodeTrue && d.kind != nodeFalse && d.kind != nodeNot:
		t = kept(t, b.memos)
		b.memos++
	}
	b.tests[d] = t
	return t
}

// What is kept of a condition or a field.
const (
	unknown uint8 = iota
	yes
	no
)

func kept(t func(*Evaluator) bool, memo int) func(*Evaluator) bool {
	return func(ev *Evaluator) bool {
		switch ev.memo[memo] {
		case yes:
			return true
		case no:
			return false
		}
		if t(ev) {
			ev.memo[memo] = yes
			return true
		}
		ev.memo[memo] = no
		return false
	}
}

// keptLeaf is kept of leafTest in one closure: most of the time goes here.
func keptLeaf(l *leaf, memo int) func(*Evaluator) bool {
	slot, test := l.slot, l.test
	return func(ev *Evaluator) bool {
		switch ev.memo[memo] {
		case yes:
			return true
		case no:
			return false
		}
		if v := ev.value(slot); v != nil && test(v) {
			ev.memo[memo] = yes
			return true
		}
		ev.memo[memo] = no
		return false
	}
}

func (b *builder) fresh(d *folded) func(*Evaluator) bool {
	switch d.kind {
	case nodeTrue:
		return func(*Evaluator) bool { return true }
	case nodeFalse:
		return func(*Evaluator) bool { return false }
	case nodeLeaf:
		return leafTest(d.leaf)
	case nodeNot:
		k := b.test(d.kids[0])
		return func(ev *Evaluator) bool { return !k(ev) }
	}
	var kids []func(*Evaluator) bool
	ordered := b.ordered(d)
	for i := 0; i < len(ordered); {
		n := b.run(ordered[i:])
		if n > 1 && d.kind == nodeOr {
			kids = append(kids, anyOf(ordered[i:i+n]))
		} else {
			n = 1
			kids = append(kids, b.test(ordered[i]))
		}
		i += n
	}
	switch {
	case len(kids) == 1:
		return kids[0]
	case d.kind == nodeAnd:
		return all(kids)
	}
	return some(kids)
}

// run returns how many of kids from the first on are checks of one slot that
// nothing else shares.
func (b *builder) run(kids []*folded) int {
	n := 0
	for _, k := range kids {
		l := k.leaf
		if l == nil || l.right != noSlot || l.test == nil || b.uses[k] > 1 || l.slot != kids[0].leaf.slot {
			break
		}
		n++
	}
	return n
}

// anyOf is one closure for several checks of one slot.
func anyOf(kids []*folded) func(*Evaluator) bool {
	slot := kids[0].leaf.slot
	tests := make([]func(*Value) bool, len(kids))
	for i, k := range kids {
		tests[i] = k.leaf.test
	}
	return func(ev *Evaluator) bool {
		v := ev.value(slot)
		if v == nil {
			return false
		}
		for _, test := range tests {
			if test(v) {
				return true
			}
		}
		return false
	}
}

func leafTest(l *leaf) func(*Evaluator) bool {
	slot, right, test, pair, set := l.slot, l.right, l.test, l.pair, l.set
	switch {
	case set != nil: // the most frequent check
		return func(ev *Evaluator) bool {
			v := ev.value(slot)
			return v != nil && set.has(v)
		}
	case right != noSlot:
		return func(ev *Evaluator) bool {
			v := ev.value(slot)
			if v == nil {
				return false
			}
			r := ev.value(right)
			return r != nil && pair(v, r)
		}
	case l.op == opExists:
		return func(ev *Evaluator) bool { return ev.value(slot) != nil }
	}
	return func(ev *Evaluator) bool {
		v := ev.value(slot)
		return v != nil && test(v)
	}
}

func all(kids []func(*Evaluator) bool) func(*Evaluator) bool {
	if len(kids) == 2 {
		a, b := kids[0], kids[1]
		return func(ev *Evaluator) bool { return a(ev) && b(ev) }
	}
	return func(ev *Evaluator) bool {
		for _, k := range kids {
			if !k(ev) {
				return false
			}
		}
		return true
	}
}

func some(kids []func(*Evaluator) bool) func(*Evaluator) bool {
	if len(kids) == 2 {
		a, b := kids[0], kids[1]
		return func(ev *Evaluator) bool { return a(ev) || b(ev) }
	}
	return func(ev *Evaluator) bool {
		for _, k := range kids {
			if k(ev) {
				return true
			}
		}
		return false
	}
}
