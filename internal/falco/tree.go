package falco

// A nodeKind is the kind of a node of a bound condition.
type nodeKind uint8

const (
	nodeAnd nodeKind = iota
	nodeOr
	nodeNot
	nodeLeaf
	nodeTrue
	nodeFalse
)

// A node is a condition whose checks are bound. Macros are shared between the
// conditions that use them.
type node struct {
	kind nodeKind
	kids []*node
	leaf *leaf
	at   place
}

// A binder turns parsed conditions into bound ones.
type binder struct {
	symbols *symbols
	done    map[*expr]*node
	failed  map[*expr]*bindError
	errs    []*bindError // of the condition at hand
}

func newBinder(s *symbols) *binder {
	return &binder{symbols: s, done: map[*expr]*node{}, failed: map[*expr]*bindError{}}
}

// tree binds e, from which macros are gone, and returns all that is wrong with
// it. The tree is of use only where nothing is.
func (b *binder) tree(e *expr) (*node, []*bindError) {
	b.errs = nil
	n := b.bind(e)
	return n, b.errs
}

func (b *binder) bind(e *expr) *node {
	if n, ok := b.done[e]; ok {
		return n
	}
	if err, ok := b.failed[e]; ok {
		b.errs = append(b.errs, err)
		return nil
	}
	n := &node{kind: nodeKind(e.kind), at: e.at}
	before := len(b.errs)
	if e.kind == exprCheck {
		leaf, err := b.symbols.bind(e.check)
		if err != nil {
			b.failed[e] = err
			b.errs = append(b.errs, err)
			return nil
		}
		n.leaf = leaf
	}
	for _, k := range e.kids {
		n.kids = append(n.kids, b.bind(k))
	}
	if len(b.errs) == before {
		b.done[e] = n
	}
	return n
}

// typeSet is the event types a condition may hold for, as the engine works
// them out: checks of other things than the type say nothing.
type typeSet struct {
	has     []bool // by EventType
	neutral bool   // says nothing
}

// typesOf returns the event types of n. The engine does not look through
// "not" by De Morgan's laws, and nor do we: the count decides a warning.
func (s *symbols) typesOf(n *node, memo map[*node]typeSet) typeSet {
	if t, ok := memo[n]; ok {
		return t
	}
	var out typeSet
	switch n.kind {
	case nodeLeaf:
		out = s.typesOfLeaf(n.leaf)
	case nodeNot:
		out = s.typesOf(n.kids[0], memo)
		if !out.neutral {
			has := make([]bool, len(out.has))
			for i := range has {
				has[i] = i > 0 && !out.has[i]
			}
			out.has = has
		}
	default:
		out = s.typesOfMany(n, memo)
	}
	memo[n] = out
	return out
}

func (s *symbols) typesOfLeaf(l *leaf) typeSet {
	r := s.slots[l.slot].ref
	if r == nil || l.right != noSlot || r.ID != EvtType && r.ID != SyscallType && r.ID != EvtTypeIs {
		return typeSet{neutral: true}
	}
	has := make([]bool, len(s.types.names))
	for i := 1; i < len(has); i++ {
		has[i], _ = s.decided(l, situation{kind: EventType(i)})
	}
	return typeSet{has: has}
}

func (s *symbols) typesOfMany(n *node, memo map[*node]typeSet) typeSet {
	out := typeSet{neutral: true}
	for _, k := range n.kids {
		t := s.typesOf(k, memo)
		switch {
		case t.neutral && n.kind == nodeOr:
			return t // this kid may hold for any event
		case t.neutral:
		case out.neutral:
			out = typeSet{has: append([]bool(nil), t.has...)}
		default:
			for i := range out.has {
				if n.kind == nodeAnd {
					out.has[i] = out.has[i] && t.has[i]
				} else {
					out.has[i] = out.has[i] || t.has[i]
				}
			}
		}
	}
	return out
}

func (t typeSet) count() int {
	n := 0
	for _, has := range t.has {
		if has {
			n++
		}
	}
	return n
}

// decided reports what l is for every event of a situation, and whether that is
// so.
func (s *symbols) decided(l *leaf, in situation) (verdict, known bool) {
	slot := &s.slots[l.slot]
	if slot.ref != nil && slot.ref.ID == EvtNum && l.right == noSlot && l.op == opEq {
		zero := Int(0)
		return false, l.test(&zero) // events are numbered from one
	}
	v, present, known := s.fixed(l.slot, in)
	switch {
	case !known && slot.ref != nil:
		return in.shape.decides(l, slot.ref.ID)
	case !known:
		return false, false
	}
	if l.right != noSlot {
		r, rightPresent, known := s.fixed(l.right, in)
		return known && present && rightPresent && l.pair(&v, &r), known
	}
	return present && (l.op == opExists || l.test(&v)), true
}

// fixed returns the value a slot has for every event of a situation, and whether
// there is such a value.
func (s *symbols) fixed(id slotID, within situation) (v Value, present, known bool) {
	n := &s.slots[id]
	if n.constant != nil {
		return *n.constant, true, true
	}
	if n.fn != nil {
		args := make([]*Value, len(n.in))
		for i, in := range n.in {
			v, present, known := s.fixed(in, within)
			if !known || !present {
				return Value{}, false, known
			}
			args[i] = &v
		}
		v, present = n.fn(args)
		return v, present, true
	}
	t := within.kind
	present = ofType(n.ref, t, s.types.names[t], &v) || within.shape.fixed(n.ref.ID, &v)
	return v, present, present || t == 0 && n.ref.ID == EvtType
}

// ofType sets v to the value of a field that follows from the type of an event.
func ofType(r *Ref, t EventType, name string, v *Value) bool {
	switch r.ID {
	case EvtType, SyscallType:
		v.Str = name
		return t != 0
	case EvtTypeIs:
		*v = Bool(r.Arg == name)
	case EvtSource:
		v.Str = "syscall"
	case EvtDir:
		v.Str = "<" // what enters a call is not reported any more
	case EvtCount:
		v.Num = 1
	case EvtIsOpenRead, EvtIsOpenWrite, EvtIsOpenExec, EvtIsOpenCreate:
		return t != 0 && !opens(name)
	default:
		return false
	}
	return true
}
