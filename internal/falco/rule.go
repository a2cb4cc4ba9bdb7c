package falco

import (
	"regexp"
	"slices"
	"strings"
)

// compileRule returns the rule of d, or nil where it cannot be used. Whatever
// is wrong with output and condition is reported, not only the first.
func (l *loader) compileRule(d *ruleDef, types map[*node]typeSet) *Rule {
	output := l.compileOutput(d)
	n := l.compileCondition(d)
	if output == nil || n == nil {
		return nil
	}
	t := l.symbols.typesOf(n, types)
	if d.warnTypes && (t.neutral || t.count() > 100) {
		l.warn(NoEventType, d.at, d.item(), "Rule matches too many evt.type values. This has a significant performance penalty.")
	}
	l.suspect(d, n, t)
	return &Rule{
		Name: d.name, Description: d.description, Source: d.source, Priority: d.priority, Tags: d.tags,
		Enabled: d.enabled, Output: output, Span: d.at, condition: n,
	}
}

// filterFault reports a field or an output that cannot be compiled. Unknown
// fields are a warning for rules that want to be skipped then.
func (l *loader) filterFault(d *ruleDef, code Code, err *bindError) {
	if err.unknown && d.skipUnknown {
		l.warn(UnknownFilter, err.at.span(), d.item(), err.message)
		return
	}
	l.fail(code, err.at.span(), d.item(), err.message)
}

const containerInfo = "%container.info"

func (l *loader) compileOutput(d *ruleDef) *Output {
	t := d.output
	for len(t.s) > 0 && isBlank(t.s[len(t.s)-1]) {
		t = t.slice(0, len(t.s)-1)
	}
	for {
		i := strings.Index(t.s, containerInfo)
		if i < 0 {
			break
		}
		l.warn(DeprecatedItem, t.place(i).span(), d.item(), "%container.info is deprecated and no more useful: the fields of the container are appended to the output anyway")
		t = join(t.slice(0, i), t.slice(i+len(containerInfo), len(t.s)))
	}
	if l.options.Append != "" {
		t = join(t, literal(" "+l.options.Append, t.place(len(t.s))))
	}
	o, err := l.symbols.output(join(literal("*", t.place(0)), t))
	if err != nil {
		l.filterFault(d, CompileOutput, err)
		return nil
	}
	for _, p := range o.pieces {
		if p.slot == noSlot {
			continue
		}
		if r := l.symbols.slots[p.slot].ref; r != nil && l.symbols.field(r).Flags&Deprecated != 0 {
			l.warn(DeprecatedItem, d.output.place(0).span(), d.item(), "usage of deprecated field '"+r.Text+"' has been detected in the rule output")
		}
	}
	return o
}

func (l *loader) compileCondition(d *ruleDef) *node {
	t, f := d.excepted()
	if f != nil {
		l.fail(f.code, f.span, d.item(), f.message)
		return nil
	}
	e, errs := l.parse(t)
	for _, err := range errs {
		l.fail(CompileCondition, err.at.span(), d.item(), err.message)
	}
	if len(errs) > 0 {
		l.mention(t.s)
	}
	if e == nil {
		return nil
	}
	r := resolver{loader: l, item: d.item(), visibility: int(^uint(0) >> 1)}
	whole := r.resolve(e)
	if whole == nil || len(errs) > 0 {
		l.bindPart(d, e) // the rest may have faults of its own
		return nil
	}
	if whole.size > maxNodes || whole.depth > maxNest {
		l.fail(CompileCondition, d.at, d.item(), "the condition is too large with its macros")
		return nil
	}
	n, bad := l.binder.tree(whole)
	for _, err := range bad {
		l.filterFault(d, CompileCondition, err)
	}
	l.conditionWarnings(d, whole)
	if len(bad) > 0 {
		return nil
	}
	return n
}

// bindPart reports what is wrong with the checks of a condition that lacks a
// macro.
func (l *loader) bindPart(d *ruleDef, e *expr) {
	var parts []*expr
	var walk func(e *expr)
	walk = func(e *expr) {
		if e.kind == exprCheck {
			parts = append(parts, e)
		}
		for _, k := range e.kids {
			walk(k)
		}
	}
	walk(e)
	for _, p := range parts {
		_, errs := l.binder.tree(p)
		for _, err := range errs {
			l.filterFault(d, CompileCondition, err)
		}
	}
	if len(parts) > 0 {
		all := newExpr(exprAnd, e.at, parts...)
		l.conditionWarnings(d, all)
		l.suspectText(d, e)
	}
}

// conditionWarnings reports what the engine warns about in conditions.
func (l *loader) conditionWarnings(d *ruleDef, e *expr) {
	for _, c := range checksOf(e) {
		for _, w := range l.checkWarnings(c) {
			l.warn(w.code, w.span, d.item(), w.message)
		}
	}
}

// checksOf returns the checks of e, each once.
func checksOf(e *expr) []*check {
	var checks []*check
	seen := map[*expr]bool{}
	var walk func(e *expr)
	walk = func(e *expr) {
		if seen[e] {
			return
		}
		seen[e] = true
		if e.check != nil {
			checks = append(checks, e.check)
		}
		for _, k := range e.kids {
			walk(k)
		}
	}
	walk(e)
	return checks
}

// checkWarnings returns what the engine warns about in a check.
func (l *loader) checkWarnings(c *check) []fault {
	var out []fault
	if c.left.kind == operandField {
		r, err := l.symbols.ref(c.left.name, c.left.arg, c.left.hasArg)
		if err == nil && l.symbols.field(r).Flags&Deprecated != 0 {
			out = append(out, fault{DeprecatedItem, c.at.span(), "usage of deprecated field '" + r.Text + "' has been detected in the rule condition"})
		}
	}
	for _, v := range c.values {
		if message := l.valueWarning(c, v); message != "" {
			out = append(out, fault{ConditionWarning, v.at.span(), message})
		}
		if v.s == "<NA>" && (c.op == opEq || c.op == opNe) && c.mod == modNone {
			out = append(out, fault{UnsafeNACheck, v.at.span(), "comparing a field value with <NA> is unsafe: a field without a value makes the check false. Use 'exists' instead."})
		}
	}
	return out
}

// valueWarning returns what is odd about a value, or "": a field that is used
// as a word, a regular expression where a simpler operator would do.
func (l *loader) valueWarning(c *check, v value) string {
	if c.op == opRegex && redundant.MatchString(v.s) {
		return "regular expression " + quote(v.s) + " can be replaced by a simpler and faster operator: =, startswith, endswith or contains"
	}
	if c.op != opRegex && l.symbols.isField(v.s) {
		return "'" + v.s + "' may be a valid field misused as a const string value; val(" + v.s + ") is its value"
	}
	name, _, ok := strings.Cut(v.s, "(")
	if ok && strings.HasSuffix(v.s, ")") && (name == "val" || slices.Contains(transformers, name)) {
		return "'" + v.s + "' may be a valid field transformer misused as a const string value; leave out the quotes"
	}
	return ""
}

// redundant is a regular expression that only finds a fixed text somewhere.
var redundant = regexp.MustCompile(`^\^?(\.[*+?])?[a-zA-Z0-9_/ -]+(\.[*+?])?\$?$`)

// isField reports whether s names a field, and nothing else.
func (s *symbols) isField(text string) bool {
	n := lexField(text)
	if n == 0 || n < len(text) && (text[n] != '[' || text[len(text)-1] != ']') {
		return false
	}
	_, _, ok := s.find(text[:n])
	return ok
}
