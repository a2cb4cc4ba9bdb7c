package falco

import "slices"

// An Evaluator decides events, one at a time. It keeps what it worked out of
// the last one until the next.
type Evaluator struct {
	program *Program
	slots   []slot
	values  []Value
	lists   [][]Value // by slot: the room of the last list
	have    []uint8   // by slot: unknown, yes or no
	memo    []uint8
	event   Event
	kind    EventType
	opens   bool // kind is one that opens a file
	matched []*Rule
}

// Evaluator returns an evaluator of p. Each goroutine needs its own.
func (p *Program) Evaluator() *Evaluator {
	most := 0
	for _, t := range p.byType {
		most = max(most, t.memos)
	}
	n := len(p.symbols.slots)
	return &Evaluator{
		program: p, slots: p.symbols.slots, values: make([]Value, n), lists: make([][]Value, n), have: make([]uint8, n), memo: make([]uint8, most),
	}
}

// Match returns the rules e matches, in the order they were loaded. The slice
// is overwritten by the next call.
func (ev *Evaluator) Match(e Event) []*Rule {
	ev.matched = ev.matched[:0]
	ev.run(ev.start(e).root)
	if len(ev.matched) > 1 {
		slices.SortFunc(ev.matched, func(a, b *Rule) int { return a.index - b.index })
	}
	return ev.matched
}

// First returns the first rule that e matches, or nil: what the engine reports
// unless it is told to report all.
func (ev *Evaluator) First(e Event) *Rule {
	if rules := ev.Match(e); len(rules) > 0 {
		return rules[0]
	}
	return nil
}

func (ev *Evaluator) run(g *group) {
	for _, inner := range g.groups {
		if inner.test(ev) {
			ev.run(inner)
		}
	}
	for i := range g.rules {
		if r := &g.rules[i]; r.test(ev) {
			ev.matched = append(ev.matched, r.rule)
		}
	}
}

// start forgets the last event.
func (ev *Evaluator) start(e Event) *typeProgram {
	ev.event, ev.kind = e, e.Type()
	if int(ev.kind) >= len(ev.program.byType) {
		ev.kind = 0
	}
	prog := ev.program.byType[ev.kind]
	ev.opens = prog.opens
	clear(ev.have)
	clear(ev.memo[:prog.memos])
	return prog
}

// value returns the value of a slot, or nil where there is none.
func (ev *Evaluator) value(id slotID) *Value {
	switch ev.have[id] {
	case yes:
		return &ev.values[id]
	case no:
		return nil
	}
	return ev.load(id)
}

func (ev *Evaluator) load(id slotID) *Value {
	n, v := &ev.slots[id], &ev.values[id]
	var ok bool
	switch {
	case n.several != 0 && n.ref != nil:
		*v = Value{List: ev.lists[id][:0]}
		ok = ev.event.Field(n.ref, v)
		if len(v.List) > 0 {
			ev.lists[id] = v.List
		} else {
			v.List = nil
		}
	case n.derived && (!n.opening || !ev.opens):
		*v = Value{}
		if ok = ofType(n.ref, ev.kind, ev.program.symbols.types.names[ev.kind], v); !ok {
			ok = ev.event.Field(n.ref, v)
		}
	case n.ref != nil:
		*v = Value{}
		ok = ev.event.Field(n.ref, v)
	case n.constant != nil:
		*v, ok = *n.constant, true
	default:
		*v, ok = ev.transformed(n)
	}
	if !ok {
		ev.have[id] = no
		return nil
	}
	ev.have[id] = yes
	return v
}

func (ev *Evaluator) transformed(n *slot) (Value, bool) {
	args := make([]*Value, len(n.in))
	for i, in := range n.in {
		if args[i] = ev.value(in); args[i] == nil {
			return Value{}, false
		}
	}
	return n.fn(args)
}
