package falco

import (
	"slices"
	"strings"

	"bulkhead/internal/source"
)

// An entry is a scalar or a list of entries, as the parts of exceptions are.
type entry struct {
	text  text
	list  bool
	items []*entry
}

// An exception is a named part of a rule that says what not to report.
type exception struct {
	name   string
	fields *entry
	comps  *entry
	values []*entry
	at     source.Span
}

// checkException completes and checks an exception that has fields.
func (l *loader) checkException(ex *exception, source string) *fault {
	if !ex.fields.list {
		return l.checkSingleException(ex, source)
	}
	if ex.comps == nil {
		ex.comps = &entry{list: true}
		for _, f := range ex.fields.items {
			ex.comps.items = append(ex.comps.items, &entry{text: literal("=", f.text.place(0))})
		}
	}
	if len(ex.fields.items) != len(ex.comps.items) {
		return &fault{Validate, ex.at, "Fields and comps lists must have equal length"}
	}
	for _, c := range ex.comps.items {
		if !isOperator(c.text.s) {
			return &fault{Validate, ex.at, "'" + c.text.s + "' is not a supported comparison operator"}
		}
	}
	for _, f := range ex.fields.items {
		if f := l.exceptionField(f, source); f != nil {
			return f
		}
	}
	return nil
}

// checkSingleException is about an exception of one field, whose values are
// one list.
func (l *loader) checkSingleException(ex *exception, source string) *fault {
	if ex.comps == nil {
		ex.comps = &entry{text: literal("in", ex.fields.text.place(0))}
	}
	if ex.comps.list {
		return &fault{Validate, ex.at, "Fields and comps must both be strings"}
	}
	words := strings.Fields(ex.comps.text.s)
	modified := len(words) == 2 && isOperator(words[0]) && slices.Contains([]string{"oneof", "anyof", "allof"}, words[1])
	if !modified && !slices.Contains([]string{"in", "pmatch", "intersects"}, ex.comps.text.s) {
		return &fault{Validate, ex.at, "When fields is a single value, comps must be one of (in, pmatch, intersects)"}
	}
	return l.exceptionField(ex.fields, source)
}

// exceptionField checks that a field of an exception exists.
func (l *loader) exceptionField(f *entry, source string) *fault {
	if source != "syscall" {
		return nil
	}
	o, n, err := formattedOperand(f.text)
	message := ""
	switch {
	case err != nil || n != len(f.text.s):
		message = "it is not a field"
	default:
		if _, err := l.symbols.operand(o); err != nil {
			message = err.message
		}
	}
	if message == "" {
		return nil
	}
	return &fault{Validate, f.text.place(0).span(), "'" + f.text.s + "' is not a supported filter field: " + message}
}

func isOperator(s string) bool {
	if s == "==" {
		return true
	}
	for op := opExists; op <= opPmatch; op++ {
		if op.String() == s {
			return true
		}
	}
	return false
}

// appendException adds an exception to a rule, or values to one it has.
func (l *loader) appendException(d *ruleDef, ex *exception) *fault {
	for _, old := range d.exceptions {
		if old.name != ex.name {
			continue
		}
		if ex.fields != nil {
			return &fault{Validate, ex.at, "Can not append exception fields to existing exception, only values"}
		}
		if ex.comps != nil {
			return &fault{Validate, ex.at, "Can not append exception comps to existing exception, only values"}
		}
		old.values = append(old.values, ex.values...)
		return nil
	}
	if ex.fields == nil {
		return &fault{Validate, ex.at, "Rule exception must have fields property with a list of fields"}
	}
	if len(ex.values) == 0 {
		return &fault{Validate, ex.at, "Rule exception must have values property with a list of values"}
	}
	if f := l.checkException(ex, d.source); f != nil {
		return f
	}
	d.exceptions = append(d.exceptions, ex)
	return nil
}

// excepted returns the condition of d with what its exceptions take out.
func (d *ruleDef) excepted() (text, *fault) {
	if len(d.exceptions) == 0 {
		return d.condition, nil
	}
	open, end := literal("(", d.condition.place(0)), literal(")", d.condition.place(len(d.condition.s)))
	parts := []text{open, d.condition, end}
	for _, ex := range d.exceptions {
		t, f := ex.condition()
		if f != nil {
			return text{}, f
		}
		if t.s != "" {
			parts = append(parts, literal(" and not ", t.place(0)), t)
		}
	}
	return join(parts...), nil
}

// condition returns the exception as a condition, empty where it has no
// values.
func (ex *exception) condition() (text, *fault) {
	at := ex.fields.place()
	if len(ex.values) == 0 {
		return text{}, nil
	}
	lit := func(s string) text { return literal(s, at) }
	if !ex.fields.list {
		parts := []text{lit("("), ex.fields.text, lit(" "), ex.comps.text, lit(" (")}
		for i, v := range ex.values {
			if v.list {
				return text{}, &fault{Validate, ex.at, "Expected values array to contain a list of strings"}
			}
			if i > 0 {
				parts = append(parts, lit(", "))
			}
			parts = append(parts, v.text.quoted())
		}
		return join(append(parts, lit("))"))...), nil
	}
	parts := []text{lit("(")}
	for i, row := range ex.values {
		if len(row.items) != len(ex.fields.items) {
			return text{}, &fault{Validate, ex.at, "Fields and values lists must have equal length"}
		}
		if i > 0 {
			parts = append(parts, lit(" or "))
		}
		parts = append(parts, lit("("), ex.row(row), lit(")"))
	}
	return join(append(parts, lit(")"))...), nil
}

// row returns one row of values as checks joined by "and".
func (ex *exception) row(row *entry) text {
	var parts []text
	for i, f := range ex.fields.items {
		comp, v := ex.comps.items[i], row.items[i]
		blank := literal(" ", v.place())
		if i > 0 {
			parts = append(parts, literal(" and", v.place()))
		}
		parts = append(parts, blank, f.text, blank, comp.text, blank)
		word := comp.text.s
		switch {
		case v.list:
			parts = append(parts, literal("(", v.place()))
			for j, item := range v.items {
				if j > 0 {
					parts = append(parts, literal(", ", item.place()))
				}
				parts = append(parts, item.text.quoted())
			}
			parts = append(parts, literal(")", v.place()))
		case (word == "in" || word == "pmatch" || word == "intersects") && !strings.HasPrefix(v.text.s, "("):
			parts = append(parts, literal("(", v.place()), v.text, literal(")", v.place()))
		case word == "in" || word == "pmatch" || word == "intersects":
			parts = append(parts, v.text)
		default:
			parts = append(parts, v.text.quoted())
		}
	}
	return join(parts...)
}

// place returns where e is written.
func (e *entry) place() place {
	for e.list && len(e.items) > 0 {
		e = e.items[0]
	}
	return e.text.place(0)
}
