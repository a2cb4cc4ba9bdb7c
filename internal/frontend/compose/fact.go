package compose

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A service is a service on its way to a workload. Networks are read with it
// too, because their facts are made the same way.
type service struct {
	r   *reader
	p   *project
	res *resource
}

// at returns the value below keys, or nil.
func (s *service) at(keys ...string) *value { return s.res.v.at(keys...) }

// unset is the state of what the service does not say.
func (s *service) unset() model.State {
	if s.res.partial {
		return model.Unknown
	}
	return model.Unset
}

// own returns what the service itself says below keys, in the last file that
// says something; where none does, the absent value in the first. Editing it
// changes no other service: what comes by extends is overridden.
func (s *service) own(keys ...string) yamltext.Value {
	for _, v := range slices.Backward(s.res.own) {
		if y := v.At(keys...); y.Exists() {
			if y.Tag() == tagReset {
				return yamltext.Value{} // anything put there would be reset too
			}
			return y
		}
	}
	return s.res.own[0].At(keys...)
}

// set returns the edits that make the service say l below keys.
func (s *service) set(l yamltext.Lit, keys ...string) []source.Edit { return s.own(keys...).Set(l) }

// deleter returns a function that takes the statement below keys out of every
// file, or nil where it comes from another service.
func (s *service) deleter(keys ...string) func() []source.Edit {
	if v := s.at(keys...); v == nil || v.base {
		return nil
	}
	return func() []source.Edit {
		var edits []source.Edit
		for _, o := range s.res.own {
			y := o.At(keys...)
			if !y.Exists() || y.Tag() == tagReset {
				continue
			}
			e := y.Delete()
			if e == nil {
				return nil
			}
			edits = append(edits, e...)
		}
		return edits
	}
}

// A form is how values of one type are read and written.
type form[T any] struct {
	parse func(text string) (T, error)
	lit   func(T) yamltext.Lit
}

// fact reads the scalar below keys; def is what holds where none is there.
func fact[T any](s *service, fm form[T], def T, keys ...string) model.Fact[T] {
	f := model.Fact[T]{
		Value: def, State: s.unset(), Span: s.res.key,
		Edit: func(x T) []source.Edit { return s.set(fm.lit(x), keys...) },
	}
	v := s.at(keys...)
	if v.isNull() {
		return f
	}
	f.Span, f.Delete = v.head(), s.deleter(keys...)
	if v.kind >= yamltext.Mapping {
		f.State = model.Unknown
		s.r.fault(v.head(), keys[len(keys)-1]+" is a single value")
		return f
	}
	x, err := fm.parse(v.text)
	switch {
	case err == nil && !v.unknown:
		f.Value, f.State = x, model.Set
	case err == nil:
		f.Value, f.State = x, model.Unknown
	default:
		f.State = model.Unknown
		if !v.unknown {
			s.r.fault(v.span(), fmt.Sprintf("%s %q %v", keys[len(keys)-1], short(v.text), err))
		}
	}
	return f
}

// short cuts what goes into a message.
func short(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}

func boolForm() form[bool] { return form[bool]{parseBool, yamltext.Bool} }

func stringForm() form[string] {
	return form[string]{func(s string) (string, error) { return s, nil }, yamltext.Str}
}

// parseBool reads a boolean as Compose does, to which "yes" is one.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "y", "yes", "on":
		return true, nil
	case "false", "n", "no", "off":
		return false, nil
	}
	return false, errors.New("is not a boolean")
}

func intForm() form[int64] { return form[int64]{parseInt, yamltext.Int} }

func parseInt(s string) (int64, error) {
	if i, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 0, 64); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != float64(int64(f)) {
		return 0, errors.New("is not an integer")
	}
	return int64(f), nil
}

func floatForm() form[float64] {
	return form[float64]{func(s string) (float64, error) {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return 0, errors.New("is not a number")
		}
		return f, nil
	}, yamltext.Float}
}

// sizeForm reads and writes numbers of bytes.
func sizeForm() form[int64] { return form[int64]{parseSize, sizeLit} }

func parseSize(s string) (int64, error) {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	n, err := units.RAMInBytes(s)
	if err != nil {
		return 0, errors.New("is not a size")
	}
	return n, nil
}

func sizeLit(n int64) yamltext.Lit { return yamltext.Raw(sizeText(n)) }

// sizeText writes n bytes with the largest unit that keeps them exact.
func sizeText(n int64) string {
	for _, u := range []struct {
		name string
		size int64
	}{{"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}} {
		if n > 0 && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// words reads the list of strings below keys, each brought to the form that
// norm gives it.
func (s *service) words(norm func(string) string, keys ...string) model.List[string] {
	l := model.List[string]{
		State: s.unset(), Span: s.res.key,
		Add: func(x string) []source.Edit { return s.own(keys...).Append(yamltext.Str(x)) },
	}
	v := s.at(keys...)
	if v.isNull() {
		return l
	}
	l.Span = v.head()
	if l.State == model.Unset {
		l.State = model.Set
	}
	seen := map[string]bool{}
	for _, i := range listOf(v).items {
		switch {
		case i.unknown:
			l.State = model.Unknown
		case i.scalar() && !seen[i.text]:
			seen[i.text] = true
			l.Items = append(l.Items, itemFact(i, norm(i.text), yamltext.Str))
		}
	}
	return l
}

// itemFact returns the fact that list item v says value.
func itemFact[T any](v *value, value T, lit func(T) yamltext.Lit) model.Fact[T] {
	f := model.Fact[T]{Value: value, State: model.Set, Span: v.span(), Delete: v.deleter()}
	if v.unknown {
		f.State = model.Unknown
	}
	if !v.base {
		f.Edit = func(x T) []source.Edit { return v.y.Set(lit(x)) }
	}
	return f
}

// deleter returns a function that takes v out, or nil where it belongs to
// another service.
func (v *value) deleter() func() []source.Edit {
	if v.base {
		return nil
	}
	return v.y.Delete
}

// replacer returns a function that writes text in the place of v, or nil where
// it belongs to another service.
func (v *value) replacer(text func(string) string) func(string) []source.Edit {
	if v.base {
		return nil
	}
	return func(x string) []source.Edit { return v.y.Set(yamltext.Str(text(x))) }
}

// same returns s.
func same(s string) string { return s }

// pairs reads the NAME=value list or mapping below keys.
func (s *service) pairs(keys ...string) []model.Label {
	var out []model.Label
	for _, e := range entriesOf(s.at(keys...)) {
		out = append(out, model.Label{Name: e.key, Value: e.fact()})
	}
	return out
}

// entriesOf returns the entries of a NAME=value list or mapping that may be absent, each name once.
func entriesOf(v *value) []entry {
	if v.isNull() {
		return nil
	}
	return mergeKeyed(&value{kind: yamltext.Mapping}, v).entries
}

// fact returns the fact that a NAME=value entry states.
func (e entry) fact() model.Fact[string] {
	v := e.val
	if !v.listed {
		f := itemFact(v, v.text, yamltext.Str)
		if v.isNull() {
			f.Span = e.at
		}
		return f
	}
	_, text, _ := strings.Cut(v.text, "=")
	f := itemFact(v, text, func(x string) yamltext.Lit { return yamltext.Str(e.key + "=" + x) })
	if i := strings.IndexByte(v.raw(), '='); i >= 0 {
		f.Span = v.part(i+1, len(v.raw()))
	}
	return f
}
