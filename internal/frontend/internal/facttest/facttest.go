// Package facttest checks what must hold for the facts of every frontend:
// places are in their file, and so are the edits that facts offer. Goldens hold
// facts as text.
package facttest

import (
	"reflect"
	"strconv"
	"testing"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// An Offer is one edit that a fact offers.
type Offer struct {
	Name  string // "Workloads[0].Privileged.Delete"
	Edits []source.Edit
}

// Offers returns every edit that facts offer: deletions, edits to the value
// there already is, and adding "X" to lists. It fails t for a place or an edit
// that is not in its file, and for edits that cannot be applied together.
func Offers(t testing.TB, facts *model.Facts) []Offer {
	t.Helper()
	w := walker{t: t, seen: map[uintptr]bool{}}
	w.value("", reflect.ValueOf(facts))
	return w.offers
}

type walker struct {
	t      testing.TB
	seen   map[uintptr]bool
	offers []Offer
}

func (w *walker) value(name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() || v.Kind() == reflect.Pointer && w.seen[v.Pointer()] {
			return
		}
		if v.Kind() == reflect.Pointer {
			w.seen[v.Pointer()] = true
		}
		w.value(name, v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			w.value(name+"["+strconv.Itoa(i)+"]", v.Index(i))
		}
	case reflect.Struct:
		w.structure(name, v)
	}
}

func (w *walker) structure(name string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case source.Span:
		w.span(name, x)
		return
	case source.File, *source.File:
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported():
		case v.Field(i).Kind() == reflect.Func:
			w.offer(name+"."+f.Name, v, v.Field(i))
		default:
			w.value(name+"."+f.Name, v.Field(i))
		}
	}
}

func (w *walker) span(name string, s source.Span) {
	if s.File == nil {
		return
	}
	if s.Start < 0 || s.End < s.Start || s.End > len(s.File.Text) {
		w.t.Errorf("%s: got place [%d, %d) in %d bytes of %s, want it inside", name, s.Start, s.End, len(s.File.Text), s.File.Name)
	}
}

// offer calls the function fn of the fact or list v.
func (w *walker) offer(name string, v, fn reflect.Value) {
	if fn.IsNil() || fn.Type().NumOut() != 1 || fn.Type().Out(0) != reflect.TypeFor[[]source.Edit]() {
		return
	}
	var args []reflect.Value
	switch in := fn.Type(); {
	case in.NumIn() == 0:
	case in.NumIn() == 1 && v.FieldByName("Value").IsValid():
		args = []reflect.Value{v.FieldByName("Value")}
	case in.NumIn() == 1 && in.In(0).Kind() == reflect.String:
		args = []reflect.Value{reflect.ValueOf("X")}
	default:
		return
	}
	edits := fn.Call(args)[0].Interface().([]source.Edit)
	if len(edits) == 0 {
		return
	}
	for _, e := range edits {
		if e.Span.File == nil {
			w.t.Errorf("%s: got an edit of no file, want one", name)
			return
		}
		w.span(name, e.Span)
	}
	if _, err := source.Apply(edits[0].Span.File, edits); err != nil {
		w.t.Errorf("%s: got error %v, want edits that can be applied", name, err)
		return
	}
	w.offers = append(w.offers, Offer{Name: name, Edits: edits})
}
