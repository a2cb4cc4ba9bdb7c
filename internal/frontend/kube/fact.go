package kube

import (
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// given reports whether v says something: null says as little as nothing.
func given(v yamltext.Value) bool { return v.Exists() && v.Kind() != yamltext.Null }

// boolean reads v, which is def where it is left out; its place then is at.
func boolean(v yamltext.Value, def bool, at source.Span) model.Fact[bool] {
	f := model.Fact[bool]{Value: def, Span: at, Edit: func(b bool) []source.Edit { return v.Set(yamltext.Bool(b)) }}
	if !given(v) {
		return f
	}
	f.State, f.Span, f.Delete = model.Set, v.Span(), v.Delete
	if b, ok := v.Bool(); ok {
		f.Value = b
	} else {
		f.State = model.Unknown
	}
	return f
}

// text reads the string v, which is def where it is left out.
func text(v yamltext.Value, def string, at source.Span) model.Fact[string] {
	f := model.Fact[string]{Value: def, Span: at, Edit: func(s string) []source.Edit { return v.Set(yamltext.Str(s)) }}
	if !given(v) {
		return f
	}
	f.State, f.Span, f.Delete, f.Value = model.Set, v.Span(), v.Delete, v.Text()
	if !v.IsScalar() || open(v) {
		f.State = model.Unknown
	}
	return f
}

// list reads the list v. Each item is normalised by norm.
func (r *reader) list(v yamltext.Value, at source.Span, norm func(string) string) model.List[string] {
	l := model.List[string]{Span: at, Add: func(s string) []source.Edit { return v.Append(yamltext.Str(s)) }}
	if !given(v) {
		return l
	}
	l.State, l.Span = model.Set, v.Span()
	if v.Kind() != yamltext.Sequence {
		l.State = model.Unknown
	}
	for _, i := range r.items(v) {
		f := text(i, "", at)
		f.Value = norm(f.Value)
		if !f.Known() {
			l.State = model.Unknown
		}
		l.Items = append(l.Items, f)
	}
	return l
}

func same(s string) string { return s }

// capability returns the name of a capability as the model has it.
func capability(s string) string { return strings.TrimPrefix(strings.ToUpper(s), "CAP_") }

// mapping reads v as names with strings.
func (r *reader) mapping(v yamltext.Value) map[string]string {
	out := map[string]string{}
	for _, p := range r.pairs(v) {
		out[p.Key()] = p.Text()
	}
	return out
}

// labels reads v as labels.
func (r *reader) labels(v yamltext.Value) []model.Label {
	var out []model.Label
	for _, p := range r.pairs(v) {
		out = append(out, model.Label{Name: p.Key(), Value: text(p, "", p.Span())})
	}
	return out
}

// argv reads a command.
func (r *reader) argv(v yamltext.Value, at source.Span) model.Fact[model.Argv] {
	f := model.Fact[model.Argv]{Span: at}
	if !given(v) {
		return f
	}
	f.State, f.Span, f.Delete = model.Set, v.Span(), v.Delete
	if v.Kind() != yamltext.Sequence {
		f.State = model.Unknown
	}
	for _, i := range r.items(v) {
		if templated(i) {
			f.State = model.Unknown
		}
		f.Value.Args = append(f.Value.Args, i.Text())
	}
	return f
}
