package falco

import (
	"strconv"
	"strings"
)

// A slotID names something that has a value for an event.
type slotID int32

const noSlot slotID = -1

// A slot is a field, a constant, or what a transformer makes of other slots.
// Equal slots are one, so that each is worked out once for an event.
type slot struct {
	ref      *Ref // of a field
	fn       transform
	in       []slotID // what fn takes
	constant *Value
	typ      Type
	several  FieldFlags
	plain    bool // a field that is one number or text
	derived  bool // may follow from the type of the event
	opening  bool // and does for all that open no file
	text     string
}

// A leaf is one check. Equal leaves are one.
type leaf struct {
	slot  slotID
	right slotID // the other side, where it is no constant
	op    operator
	mod   modifier
	test  func(v *Value) bool    // where right is noSlot; nil for exists
	pair  func(v, r *Value) bool // where it is not
	set   *stringSet             // that test asks; nil for other checks
	text  string                 // as a canonical condition
	hosts []string               // names of hosts that an address is compared with
	cost  float64                // of one test, in about a nanosecond
	odds  float64                // a guess at how often it is true
}

// A symbols is the slots and leaves of a set of rules.
type symbols struct {
	*catalog
	types  *eventTypes
	slots  []slot
	bySlot map[string]slotID
	leaves map[string]*leaf
}

func newSymbols(plugins []Field) *symbols {
	return &symbols{
		catalog: newCatalog(plugins), types: newEventTypes(),
		bySlot: map[string]slotID{}, leaves: map[string]*leaf{},
	}
}

// A bindError says why a check cannot be compiled.
type bindError struct {
	at      place
	message string
	unknown bool // about a field or an event type that does not exist
}

func (e *bindError) Error() string { return e.message }

func (s *symbols) intern(n slot) slotID {
	id, ok := s.bySlot[n.text]
	if !ok {
		id = slotID(len(s.slots))
		s.slots = append(s.slots, n)
		s.bySlot[n.text] = id
	}
	return id
}

// operand returns the slot of o.
func (s *symbols) operand(o *operand) (slotID, *bindError) {
	switch o.kind {
	case operandField:
		return s.fieldSlot(o)
	case operandLiteral:
		v := String(o.name)
		return s.intern(slot{constant: &v, text: strconv.Quote(o.name)}), nil // always in quotes: a field may be called so
	case operandTransformer:
		return s.transformerSlot(o)
	}
	return noSlot, &bindError{at: o.at, message: "a list stands where one value is wanted"}
}

func (s *symbols) fieldSlot(o *operand) (slotID, *bindError) {
	r, err := s.ref(o.name, o.arg, o.hasArg)
	if err != nil {
		return noSlot, &bindError{o.at, err.message, err.unknown}
	}
	n := slot{ref: r, typ: s.field(r).Type, several: s.several(r), text: r.Text}
	switch r.ID {
	case EvtType, SyscallType, EvtTypeIs, EvtSource, EvtDir, EvtCount, EvtIsOpenRead, EvtIsOpenWrite, EvtIsOpenExec, EvtIsOpenCreate:
		n.derived = true
		n.opening = r.ID >= EvtIsOpenRead && r.ID <= EvtIsOpenCreate
	}
	n.plain = !n.derived && n.several == 0 && n.typ.class() != classAddr && n.typ.class() != classNet
	return s.intern(n), nil
}

// bind returns the leaf of c.
func (s *symbols) bind(c *check) (*leaf, *bindError) {
	id, err := s.operand(c.left)
	if err != nil {
		return nil, err
	}
	left := &s.slots[id]
	if !allowed(c.op, left.typ.class()) {
		return nil, &bindError{at: c.opAt, message: "operator '" + c.op.String() + "' is not for " + left.text + ", a " + left.typ.String()}
	}
	if left.several&IsList != 0 && c.op != opExists && c.op != opIn && c.op != opIntersects {
		return nil, &bindError{at: c.opAt, message: "operator '" + c.op.String() + "' is not for " + left.text + ", a list: use in, intersects or exists"}
	}
	if c.right != nil {
		return s.bindPair(c, id)
	}
	lits, err := s.literals(c, left)
	if err != nil {
		return nil, err
	}
	text := left.text + " " + c.op.String()
	if c.mod != modNone {
		text += " " + c.mod.String()
	}
	text += valuesText(c)
	l, ok := s.leaves[text]
	if !ok {
		l = &leaf{slot: id, right: noSlot, op: c.op, mod: c.mod, text: text}
		if c.op != opExists {
			test, err := predicate(c, left.typ, lits)
			if err != nil {
				return nil, err
			}
			l.test = severalTest(test, c, left.several)
			if c.op == opIn && c.mod == modNone && left.typ.class() == classString && left.several == 0 {
				l.set = newStringSet(lits)
				l.test = l.set.has
			}
		}
		if left.ref != nil && namesHost(left.ref.ID) {
			for _, v := range c.values {
				l.hosts = append(l.hosts, v.s)
			}
		}
		l.cost, l.odds = estimate(c, left)
		s.leaves[text] = l
	}
	return l, nil
}

// valuesText returns the right side of c as a condition has it.
func valuesText(c *check) string {
	if c.op == opExists {
		return ""
	}
	if !c.op.takesList() && c.mod == modNone {
		return " " + quote(c.values[0].s)
	}
	words := make([]string, len(c.values))
	for i, v := range c.values {
		words[i] = quote(v.s)
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// quote returns s as a value in a condition.
func quote(s string) string {
	if s != "" && lexBare(s) == len(s) {
		return s
	}
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`)
	return `"` + r.Replace(s) + `"`
}

// bindPair returns the leaf of a check of one slot against another.
func (s *symbols) bindPair(c *check, left slotID) (*leaf, *bindError) {
	right, err := s.operand(c.right)
	if err != nil {
		return nil, err
	}
	l, r := &s.slots[left], &s.slots[right]
	for _, side := range []*slot{l, r} {
		if side.ref != nil && s.field(side.ref).Flags&NoRHS != 0 {
			return nil, &bindError{at: c.right.at, message: "field " + side.text + " cannot be compared with another field"}
		}
	}
	if l.typ.class() != r.typ.class() {
		return nil, &bindError{at: c.right.at, message: l.text + ", a " + l.typ.String() + ", cannot be compared with " + r.text + ", a " + r.typ.String()}
	}
	pair := pairTest(c.op, l.typ)
	if pair == nil {
		return nil, &bindError{at: c.opAt, message: "operator '" + c.op.String() + "' needs constant values"}
	}
	text := l.text + " " + c.op.String() + " val(" + r.text + ")"
	known, ok := s.leaves[text]
	if !ok {
		known = &leaf{slot: left, right: right, op: c.op, pair: severalPair(pair, c.op), text: text, cost: 40, odds: .1}
		s.leaves[text] = known
	}
	return known, nil
}

// allowed is the table of operators and what they apply to.
func allowed(op operator, c class) bool {
	switch op {
	case opExists, opEq, opNe, opIn, opIntersects:
		return true
	case opLt, opLe, opGt, opGe:
		return c == classNumber || c == classString
	case opContains, opStartsWith, opEndsWith:
		return c == classString || c == classBytes
	case opBContains, opBStartsWith:
		return c == classBytes
	}
	return c == classString
}

// estimate guesses what a check costs and how often it holds. The order of
// checks is chosen by it; the verdict never depends on it.
func estimate(c *check, left *slot) (cost, odds float64) {
	cost, odds = 4, .1
	switch c.op {
	case opExists:
		odds = .8
	case opEq:
		odds = .08
	case opNe:
		odds = .9
	case opLt, opLe, opGt, opGe:
		odds = .5
	case opIn, opIntersects:
		cost, odds = 10, .15
	case opContains, opBContains:
		cost = 20
	case opStartsWith, opEndsWith, opBStartsWith:
		cost, odds = 5, .1
	case opIContains, opGlob, opIGlob:
		cost = 60
	case opPmatch:
		cost = 80
	case opRegex:
		cost = 300
	}
	if left.typ == TypeBool {
		odds = .3
	}
	if left.several != 0 {
		cost *= 4
	}
	if left.ref == nil {
		cost += 80
	} else {
		cost += fieldCost(left.ref.ID)
		odds = fieldOdds(left.ref.ID, c.op, odds)
	}
	return cost * float64(max(1, len(c.values)*int(min(c.mod, 1)))), odds
}

// fieldCost guesses what the first look at a field costs beyond that of a
// number: text that is put together, a walk over ancestors.
func fieldCost(id FieldID) float64 {
	switch id {
	case ProcAname, ProcAexe, ProcAexepath, ProcAcmdline, ProcAPID:
		return 40
	case ProcCmdline, ProcPcmdline, ProcArgs, ProcEnv, EvtArgs, ThreadCapEffective, ThreadCapPermitted, EvtArg:
		return 20
	case FDCIPName, FDSIPName, FDLIPName, FDRIPName, UserName, UserLoginname, GroupName:
		return 30 // found in tables
	case ContainerImageRepository, ContainerImageTag, ContainerLabel, K8sPodName, K8sNsName:
		return 20
	}
	return 1
}

// fieldOdds corrects a guess by what a field tells: nearly all connections are
// of TCP and IPv4, nearly all descriptors files; of all programs, users and names
// that there are a rule names one or a few.
func fieldOdds(id FieldID, op operator, odds float64) float64 {
	if op == opNe || op == opExists {
		return odds
	}
	switch id {
	case FDL4Proto, FDTypechar, FDType:
		return .6
	case ProcName, ProcExe, ProcExepath, ProcPname, ProcPexe, ProcPexepath, ProcCmdline, ProcPcmdline, ProcArgs,
		FDCIPName, FDSIPName, FDLIPName, FDRIPName, UserName, UserLoginname, GroupName, FDName, FDNameraw, FDFilename, FDDirectory:
		return odds / 4
	}
	return odds
}

// namesHost reports whether the values of a field are names of hosts.
func namesHost(id FieldID) bool {
	switch id {
	case FDCIPName, FDSIPName, FDLIPName, FDRIPName:
		return true
	}
	return false
}
