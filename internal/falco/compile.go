package falco

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// A Program is a set of rules compiled for every type of event, and for every
// shape when one comes up. Any number of evaluators may use it at once.
type Program struct {
	rules   []*Rule
	symbols *symbols
	byType  []*typeProgram // by EventType, for events of which nothing else is known
	wanted  []typeSet      // by rule

	mu     sync.Mutex // of what follows
	folder *folder
	shared map[string]*typeProgram // by whether a file is opened, and what is left of which rules
}

// A typeProgram is the rules that an event of one type can match.
type typeProgram struct {
	rules int
	root  *group
	memos int  // results that are kept while an event is looked at
	opens bool // events of the type open a file
}

// compile folds the conditions of rules for every type of event.
func compile(s *symbols, rules []*Rule) *Program {
	p := &Program{
		rules: rules, symbols: s, byType: make([]*typeProgram, len(s.types.names)), wanted: make([]typeSet, len(rules)),
		folder: &folder{symbols: s, byKey: map[string]*folded{}},
		shared: map[string]*typeProgram{},
	}
	memo := map[*node]typeSet{}
	for i, r := range rules {
		p.wanted[i] = s.typesOf(r.condition, memo)
	}
	for t := range p.byType {
		p.byType[t] = p.compile(situation{kind: EventType(t)})
	}
	return p
}

// compile returns the program of a situation. Situations for which the same is
// left share one, if both or neither are of files that are opened.
func (p *Program) compile(in situation) *typeProgram {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.folder
	f.in, f.done = in, map[*node]*folded{}
	var roots []*folded
	var of []*Rule
	opens := opens(p.symbols.types.names[in.kind])
	key := strconv.AppendBool(nil, opens)
	for i, r := range p.rules {
		if !p.wanted[i].neutral && (in.kind == 0 || !p.wanted[i].has[in.kind]) {
			continue
		}
		if root := f.fold(r.condition); root.kind != nodeFalse {
			roots, of = append(roots, root), append(of, r)
			key = fmt.Appendf(key, ",%d:%d", i, root.id)
		}
	}
	if p.shared[string(key)] == nil {
		p.shared[string(key)] = new(builder).program(of, roots)
		p.shared[string(key)].opens = opens
	}
	return p.shared[string(key)]
}

// EventTypes returns the names of the types of events that can match a rule.
func (p *Program) EventTypes() []string {
	var names []string
	for t, prog := range p.byType {
		if t > 0 && prog.rules > 0 {
			names = append(names, p.symbols.types.names[t])
		}
	}
	return names
}

// Hosts returns the names of hosts that the rules compare addresses with, sorted:
// a source of events has to know their addresses.
func (p *Program) Hosts() []string {
	u := usedRefs{symbols: p.symbols, nodes: map[*node]bool{}, refs: map[*Ref]bool{}}
	for _, r := range p.rules {
		u.condition(r.condition)
	}
	hosts := map[string]bool{}
	for n := range u.nodes {
		if n.leaf != nil {
			for _, h := range n.leaf.hosts {
				hosts[h] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(hosts))
}

// Refs returns the fields that the rules look at in conditions and outputs,
// sorted by name: what a source of events has to provide.
func (p *Program) Refs() []*Ref {
	u := usedRefs{symbols: p.symbols, nodes: map[*node]bool{}, refs: map[*Ref]bool{}}
	for _, r := range p.rules {
		u.condition(r.condition)
		if r.Output == nil {
			continue
		}
		for _, piece := range r.Output.pieces {
			u.slot(piece.slot)
		}
	}
	return slices.SortedFunc(maps.Keys(u.refs), func(a, b *Ref) int { return cmp.Compare(a.Text, b.Text) })
}

// usedRefs collects fields.
type usedRefs struct {
	symbols *symbols
	nodes   map[*node]bool
	refs    map[*Ref]bool
}

func (u *usedRefs) condition(n *node) {
	if u.nodes[n] {
		return
	}
	u.nodes[n] = true
	if n.leaf != nil {
		u.slot(n.leaf.slot)
		u.slot(n.leaf.right)
	}
	for _, k := range n.kids {
		u.condition(k)
	}
}

func (u *usedRefs) slot(id slotID) {
	if id == noSlot {
		return
	}
	n := &u.symbols.slots[id]
	if n.ref != nil {
		u.refs[n.ref] = true
	}
	for _, in := range n.in {
		u.slot(in)
	}
}

// A folded is a condition as it is for one type of event. Equal ones are one.
type folded struct {
	kind nodeKind
	kids []*folded
	leaf *leaf
	id   int
	odds float64 // of being true
}

// A folder folds conditions and keeps what they have in common.
type folder struct {
	symbols *symbols
	in      situation
	done    map[*node]*folded // for in
	byKey   map[string]*folded

	numbered bool // take it that an event may have any number, even 0
}

func (f *folder) fold(n *node) *folded {
	if d, ok := f.done[n]; ok {
		return d
	}
	var d *folded
	switch n.kind {
	case nodeLeaf:
		d = f.leaf(n.leaf)
	case nodeNot:
		d = f.negate(f.fold(n.kids[0]))
	default:
		d = f.many(n)
	}
	f.done[n] = d
	return d
}

func (f *folder) constant(verdict bool) *folded {
	if verdict {
		return f.intern("true", folded{kind: nodeTrue, odds: 1})
	}
	return f.intern("false", folded{kind: nodeFalse})
}

func (f *folder) leaf(l *leaf) *folded {
	ref := f.symbols.slots[l.slot].ref
	if f.numbered && ref != nil && ref.ID == EvtNum {
		return f.intern(l.text, folded{kind: nodeLeaf, leaf: l, odds: l.odds})
	}
	if verdict, known := f.symbols.decided(l, f.in); known {
		return f.constant(verdict)
	}
	return f.intern(l.text, folded{kind: nodeLeaf, leaf: l, odds: l.odds})
}

func (f *folder) negate(k *folded) *folded {
	switch k.kind {
	case nodeTrue:
		return f.constant(false)
	case nodeFalse:
		return f.constant(true)
	case nodeNot:
		return k.kids[0]
	}
	return f.intern("!"+strconv.Itoa(k.id), folded{kind: nodeNot, kids: []*folded{k}, odds: 1 - k.odds})
}

// many folds "and" and "or": nested ones of the same kind join, what decides
// nothing goes, and what decides everything stays alone.
func (f *folder) many(n *node) *folded {
	decides, nothing := nodeFalse, nodeTrue
	if n.kind == nodeOr {
		decides, nothing = nodeTrue, nodeFalse
	}
	var kids []*folded
	seen := map[*folded]bool{}
	for _, k := range n.kids {
		d := f.fold(k)
		parts := []*folded{d}
		if d.kind == n.kind {
			parts = d.kids
		}
		for _, p := range parts {
			if p.kind == decides {
				return p
			}
			if p.kind != nothing && !seen[p] {
				seen[p] = true
				kids = append(kids, p)
			}
		}
	}
	switch len(kids) {
	case 0:
		return f.constant(n.kind == nodeAnd)
	case 1:
		return kids[0]
	}
	slices.SortFunc(kids, func(a, b *folded) int { return cmp.Compare(a.id, b.id) })
	key := []byte{"&|"[n.kind]}
	reach := 1.0
	for _, k := range kids {
		key = append(strconv.AppendInt(key, int64(k.id), 10), ',')
		if n.kind == nodeAnd {
			reach *= k.odds
		} else {
			reach *= 1 - k.odds
		}
	}
	if n.kind == nodeOr {
		reach = 1 - reach
	}
	return f.intern(string(key), folded{kind: n.kind, kids: kids, odds: reach})
}

func (f *folder) intern(key string, d folded) *folded {
	if known, ok := f.byKey[key]; ok {
		return known
	}
	d.id = len(f.byKey)
	f.byKey[key] = &d
	return &d
}
