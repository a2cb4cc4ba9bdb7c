package falco

import "slices"

// An Evaluator decides events, one at a time. It keeps what it worked out of
// the last one until the next.
type Evaluator struct {
	program *Program
	slots   []slot
	plain   []*Ref // by slot: the field, where it is one number or text and nothing else gives it
	values  []Value
	lists   [][]Value // by slot: the room of the last list
	have    []uint8   // by slot: unknown, yes or no
	memo    []uint8
	event   Event
	kind    EventType
	opens   bool // kind is one that opens a file
	matched []*Rule
	shaped  []*[shapes]*typeProgram // by EventType: programs that came up
}

// Evaluator returns an evaluator of p. Each goroutine needs its own.
func (p *Program) Evaluator() *Evaluator {
	n := len(p.symbols.slots)
	plain := make([]*Ref, n)
	for i := range plain {
		if s := &p.symbols.slots[i]; s.plain {
			plain[i] = s.ref
		}
	}
	return &Evaluator{
		program: p, slots: p.symbols.slots, plain: plain, values: make([]Value, n), lists: make([][]Value, n), have: make([]uint8, n),
		shaped: make([]*[shapes]*typeProgram, len(p.byType)),
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
	prog := ev.of(ev.kind, e.Shape())
	ev.opens = prog.opens
	clear(ev.have)
	if len(ev.memo) < prog.memos {
		ev.memo = make([]uint8, prog.memos)
	}
	clear(ev.memo[:prog.memos])
	return prog
}

// of returns the program of events of a type and a shape.
func (ev *Evaluator) of(t EventType, s Shape) *typeProgram {
	s &= shapes - 1
	known := ev.shaped[t]
	if known == nil {
		prog := ev.program.byType[t]
		if prog.rules == 0 || s == 0 {
			return prog // a shape leaves no more than there is without it
		}
		known = &[shapes]*typeProgram{prog}
		ev.shaped[t] = known
	}
	if known[s] == nil {
		known[s] = ev.program.compile(situation{t, s})
	}
	return known[s]
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
	v := &ev.values[id]
	if ref := ev.plain[id]; ref != nil {
		v.Num, v.Str = 0, "" // the rest never counts
		if !ev.event.Field(ref, v) {
			ev.have[id] = no
			return nil
		}
		ev.have[id] = yes
		return v
	}
	n := &ev.slots[id]
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
