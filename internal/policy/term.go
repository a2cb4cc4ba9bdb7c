package policy

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"

	"bulkhead/internal/frontend/document"
)

// term returns v as Rego sees it.
func term(v *document.Value) *ast.Term {
	if v == nil {
		return ast.NullTerm()
	}
	switch v.Kind {
	case document.Bool:
		return ast.InternedTerm(v.Text == "true")
	case document.Number:
		return ast.NumberTerm(json.Number(v.Text))
	case document.String:
		return ast.StringTerm(v.Text)
	case document.List:
		items := make([]*ast.Term, len(v.Items))
		for i, x := range v.Items {
			items[i] = term(x)
		}
		return ast.ArrayTerm(items...)
	case document.Object:
		fields := make([][2]*ast.Term, len(v.Fields))
		for i, f := range v.Fields {
			fields[i] = [2]*ast.Term{ast.StringTerm(f.Name), term(f.Value)}
		}
		return ast.ObjectTerm(fields...)
	}
	return ast.NullTerm()
}

// An entry is one field of an object.
type entry struct {
	name  string
	value *ast.Term // nil leaves it out
}

// object returns the object with the given fields.
func object(entries ...entry) *ast.Term {
	fields := make([][2]*ast.Term, 0, len(entries))
	for _, e := range entries {
		if e.value != nil {
			fields = append(fields, [2]*ast.Term{ast.InternedTerm(e.name), e.value})
		}
	}
	return ast.ObjectTerm(fields...)
}

// word returns the string s, or nil where it is empty.
func word(s string) *ast.Term {
	if s == "" {
		return nil
	}
	return ast.StringTerm(s)
}

// field returns the string of t's field called name.
func field(t *ast.Term, name string) (string, bool) {
	o, ok := t.Value.(ast.Object)
	if !ok {
		return "", false
	}
	x := o.Get(ast.StringTerm(name))
	if x == nil {
		return "", false
	}
	s, ok := x.Value.(ast.String)
	return string(s), ok
}

// elements calls visit for each element of a set or an array.
func elements(t *ast.Term, visit func(*ast.Term)) {
	switch x := t.Value.(type) {
	case ast.Set:
		for _, e := range x.Slice() {
			visit(e)
		}
	case *ast.Array:
		x.Foreach(visit)
	}
}

// encode returns t as JSON, "" where that cannot be said.
func encode(t *ast.Term) string {
	v, err := ast.JSON(t.Value)
	if err != nil {
		return ""
	}
	out, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(out)
}
