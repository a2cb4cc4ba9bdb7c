package falco

// A builder turns folded conditions into closures for one type of event.
type builder struct {
	uses  map[*folded]int
	tests map[*folded]func(*Evaluator) bool
	memos int
}

func (b *builder) program(rules []*Rule, roots []*folded) *typeProgram {
	b.uses = map[*folded]int{}
	b.tests = map[*folded]func(*Evaluator) bool{}
	for _, r := range roots {
		b.count(r)
	}
	p := &typeProgram{}
	for i, r := range roots {
		p.rules = append(p.rules, typeRule{rules[i], b.test(r)})
	}
	p.memos = b.memos
	return p
}

// count counts how often a condition is asked for.
func (b *builder) count(d *folded) {
	if b.uses[d]++; b.uses[d] == 1 {
		for _, k := range d.kids {
			b.count(k)
		}
	}
}

// test returns the closure of d. The result of one that several conditions
// share is kept while an event is looked at.
func (b *builder) test(d *folded) func(*Evaluator) bool {
	if t, ok := b.tests[d]; ok {
		return t
	}
	t := b.fresh(d)
	if b.uses[d] > 1 && d.kind != nodeTrue && d.kind != nodeFalse {
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
	kids := make([]func(*Evaluator) bool, len(d.kids))
	for i, k := range d.kids {
		kids[i] = b.test(k)
	}
	if d.kind == nodeAnd {
		return all(kids)
	}
	return some(kids)
}

func leafTest(l *leaf) func(*Evaluator) bool {
	slot, right, test, pair := l.slot, l.right, l.test, l.pair
	switch {
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
