package falco

// An operator of the language. "==" is opEq.
type operator uint8

const (
	opExists operator = iota
	opEq
	opNe
	opLt
	opLe
	opGt
	opGe
	opContains
	opIContains
	opBContains
	opStartsWith
	opBStartsWith
	opEndsWith
	opGlob
	opIGlob
	opRegex
	opIn
	opIntersects
	opPmatch
)

func (o operator) String() string {
	return [...]string{
		"exists", "=", "!=", "<", "<=", ">", ">=", "contains", "icontains", "bcontains", "startswith",
		"bstartswith", "endswith", "glob", "iglob", "regex", "in", "intersects", "pmatch",
	}[o]
}

// takesList reports whether the right side of o is a list.
func (o operator) takesList() bool { return o >= opIn }

// A modifier says how many of a list of values must fit.
type modifier uint8

const (
	modNone  modifier = iota
	modOneOf          // exactly one
	modAnyOf          // at least one
	modAllOf          // all, and there is one
)

func (m modifier) String() string { return [...]string{"", "oneof", "anyof", "allof"}[m] }

// An exprKind is the kind of a node of a condition.
type exprKind uint8

const (
	exprAnd exprKind = iota
	exprOr
	exprNot
	exprCheck
	exprMacro
)

// An expr is a node of a condition. It never changes once parsed; macros that
// are put in are shared.
type expr struct {
	kind  exprKind
	kids  []*expr
	macro string // exprMacro
	check *check // exprCheck
	at    place
	size  int // the number of nodes, macros put in
	depth int
}

func newExpr(kind exprKind, at place, kids ...*expr) *expr {
	e := &expr{kind: kind, kids: kids, at: at, size: 1}
	for _, k := range kids {
		e.size += k.size
		e.depth = max(e.depth, k.depth+1)
	}
	return e
}

// A check compares a field with something.
type check struct {
	left   *operand
	op     operator
	mod    modifier
	values []value
	right  *operand // instead of values: another field, or what a transformer makes
	at     place    // where the left side starts
	opAt   place
}

// A value is a literal of a condition.
type value struct {
	s      string
	quoted bool
	at     place
}

// An operandKind is the kind of an operand.
type operandKind uint8

const (
	operandField operandKind = iota
	operandLiteral
	operandTransformer
	operandList
)

// An operand is a field, what a transformer makes of operands, or, inside a
// transformer, a literal or a list.
type operand struct {
	kind   operandKind
	name   string // of the field or the transformer; the literal itself
	arg    string
	hasArg bool
	args   []*operand // of a transformer, or the items of a list
	at     place
}
