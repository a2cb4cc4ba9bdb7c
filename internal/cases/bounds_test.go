package cases

import (
	"fmt"
	"reflect"

	"bulkhead/internal/source"
)

// inBounds returns an error that names the first place anywhere within v that
// is not inside its file.
func inBounds(v any) error {
	w := walker{seen: map[uintptr]bool{}}
	w.value("", reflect.ValueOf(v))
	return w.err
}

type walker struct {
	seen map[uintptr]bool // the pointers followed
	err  error
}

func (w *walker) value(name string, v reflect.Value) {
	if w.err != nil {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || w.seen[v.Pointer()] || v.Type() == reflect.TypeFor[*source.File]() {
			return
		}
		w.seen[v.Pointer()] = true
		w.value(name, v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			w.value(fmt.Sprintf("%s[%d]", name, i), v.Index(i))
		}
	case reflect.Struct:
		if s, ok := reflect.TypeAssert[source.Span](v); ok {
			w.span(name, s)
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				w.value(name+"."+f.Name, v.Field(i))
			}
		}
	}
}

func (w *walker) span(name string, s source.Span) {
	if s.File == nil {
		return
	}
	if s.Start < 0 || s.End < s.Start || s.End > len(s.File.Text) {
		w.err = fmt.Errorf("%s is [%d, %d) of %s, which has %d bytes", name, s.Start, s.End, s.File.Name, len(s.File.Text))
	}
}
