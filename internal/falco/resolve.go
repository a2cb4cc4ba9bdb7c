package falco

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/nearest"
)

// Bounds of a condition with its macros put in. The largest of upstream's has
// some hundred nodes; macros that use macros can double with every one.
const (
	maxNodes = 100_000
	maxNest  = 5_000
)

// compile turns what was collected into rules.
func (l *loader) compile() {
	for _, d := range l.lists.list {
		d.expanded = l.expandList(d)
	}
	for _, d := range l.macros.list {
		item := `macro "` + d.name + `"`
		e, errs := l.parse(d.condition)
		for _, err := range errs {
			l.fail(CompileCondition, err.at.span(), item, err.message)
		}
		if len(errs) == 0 {
			d.parsed = e
		} else {
			l.mention(d.condition.s)
		}
	}
	for _, d := range l.macros.list {
		if d.parsed != nil {
			l.resolveMacro(d)
		}
	}
	types := map[*node]typeSet{}
	for _, d := range l.rules.list {
		if d.source != "syscall" {
			l.set.Skipped++
			continue
		}
		if d.broken {
			l.reportBroken(d, types)
			l.set.Skipped++
			continue
		}
		if r := l.compileRule(d, types); r != nil {
			r.index = len(l.set.Rules)
			l.set.Rules = append(l.set.Rules, r)
		} else {
			l.set.Skipped++
		}
	}
	l.unused()
}

// expandList returns the items of d as they go into conditions. An item that
// names a list defined before is that list's items, one level deep.
func (l *loader) expandList(d *listDef) text {
	var parts []text
	size := 0
	add := func(item text) {
		if len(parts) > 0 {
			parts = append(parts, literal(", ", item.place(0)))
		}
		parts = append(parts, item.quoted())
		size += len(item.s) + 2
	}
	for _, item := range d.items {
		inner := l.lists.byName[item.s]
		if inner == nil || inner.index >= d.visibility {
			add(item)
		} else {
			inner.used = true
			for _, x := range inner.items {
				add(x)
			}
		}
		if size > maxText {
			l.fail(Validate, d.at, `list "`+d.name+`"`, "the list has more than "+strconv.Itoa(maxText)+" bytes with the lists it holds")
			return text{}
		}
	}
	return join(parts...)
}

// parse puts lists into a condition and parses it.
func (l *loader) parse(t text) (*expr, []*syntaxError) {
	for _, d := range l.lists.list {
		if d.name == "" || !strings.Contains(t.s, d.name) {
			continue
		}
		var used bool
		if t, used = t.substitute(d.name, d.expanded); used {
			d.used = true
		}
		if len(t.s) > maxText {
			return nil, []*syntaxError{{t.place(0), "the condition has more than " + strconv.Itoa(maxText) + " bytes with its lists"}}
		}
	}
	return parse(t, maxRuleDepth)
}

// resolveMacro puts the macros into d that were defined before it changed
// last.
func (l *loader) resolveMacro(d *macroDef) {
	if d.state != unknown {
		return
	}
	d.state = no
	r := resolver{loader: l, item: `macro "` + d.name + `"`, visibility: d.visibility, within: d}
	d.resolved = r.resolve(d.parsed)
	if d.resolved != nil && (d.resolved.size > maxNodes || d.resolved.depth > maxNest) {
		l.fail(CompileCondition, d.at, r.item, "the condition is too large with its macros")
		d.resolved = nil
	}
	d.state = yes
}

// A resolver puts macros into one condition.
type resolver struct {
	loader     *loader
	item       string
	visibility int
	within     *macroDef // nil for a rule
}

// resolve returns e with its macros put in, or nil where one cannot be. All
// that cannot be are reported.
func (r *resolver) resolve(e *expr) *expr {
	switch e.kind {
	case exprCheck:
		return e
	case exprMacro:
		return r.macro(e)
	}
	kids := make([]*expr, len(e.kids))
	whole := true
	for i, k := range e.kids {
		kids[i] = r.resolve(k)
		whole = whole && kids[i] != nil
	}
	if !whole {
		return nil
	}
	return newExpr(e.kind, e.at, kids...)
}

func (r *resolver) macro(e *expr) *expr {
	l := r.loader
	d := l.macros.byName[e.macro]
	if d == nil || d.index >= r.visibility {
		l.fail(Validate, e.at.span(), r.item, "Undefined macro '"+e.macro+"' used in filter."+r.hint(e.macro, d))
		return nil
	}
	if d.parsed == nil {
		d.used = true
		return nil // reported where it is defined
	}
	if d.state == no {
		l.fail(Validate, e.at.span(), r.item, "reference loop in macro '"+e.macro+"'")
		return nil
	}
	l.resolveMacro(d)
	d.used = true
	return d.resolved
}

// hint says what may have been meant by a macro that is not there.
func (r *resolver) hint(name string, late *macroDef) string {
	if late != nil {
		return " It is defined after the macro that uses it; macros see only those before."
	}
	if n := r.loader.lists.byName[name]; n != nil {
		return " A list of that name exists; lists stand in parentheses after 'in'."
	}
	if near := nearest.Of(name, slices.Sorted(maps.Keys(r.loader.macros.byName))); near != "" {
		return " Did you mean " + near + "?"
	}
	switch up := upstreamMacro(name); {
	case up == "":
		return ""
	case r.loader.macros.byName[up] != nil:
		return " Did you mean " + up + "?"
	case up == name:
		return " Upstream's rules define it: load them first."
	default:
		return " Upstream's rules define " + up + ": if it was meant, load them first."
	}
}

// unused warns about macros and lists that nothing refers to.
func (l *loader) unused() {
	for _, d := range l.macros.list {
		if !d.used && !l.mentioned[d.name] {
			l.warn(UnusedMacro, d.at, `macro "`+d.name+`"`, "Macro not referred to by any other rule/macro")
		}
	}
	for _, d := range l.lists.list {
		if !d.used && !l.mentioned[d.name] {
			l.warn(UnusedList, d.at, `list "`+d.name+`"`, "List not referred to by any other rule/macro")
		}
	}
}
