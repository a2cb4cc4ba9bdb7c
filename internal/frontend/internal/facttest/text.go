package facttest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// maxDepth bounds how deep a printed value may nest; the model's own links
// (image, workload, stage) are not followed.
const maxDepth = 12

// Print returns v, a struct of the model or a pointer to one, with one line
// for each field that says something: facts that are set or unknown, facts
// whose default is not the zero value, and plain fields that are not zero.
func Print(v any) string {
	var p printer
	p.value("", reflect.ValueOf(v), 0)
	return p.out.String()
}

type printer struct{ out bytes.Buffer }

func (p *printer) line(name, format string, args ...any) {
	fmt.Fprintf(&p.out, "%s = %s\n", strings.TrimPrefix(name, "."), fmt.Sprintf(format, args...))
}

// linked are the fields below the top that link to other subjects of the model.
var linked = [...]string{"Workloads", "Stage", "Declared", "Fronts", "Members"}

func (p *printer) value(name string, v reflect.Value, depth int) {
	if depth > maxDepth || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			p.value(name, v.Elem(), depth+1)
		}
	case reflect.Slice:
		if v.Len() > 0 && v.Type().Elem().Kind() != reflect.Struct && v.Type().Elem().Kind() != reflect.Pointer {
			p.line(name, "%q", v.Interface())
			return
		}
		for i := range v.Len() {
			p.value(fmt.Sprintf("%s[%d]", name, i), v.Index(i), depth+1)
		}
	case reflect.Struct:
		p.structure(name, v, depth)
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
	default:
		if !v.IsZero() {
			p.line(name, "%v", v.Interface())
		}
	}
}

// structure prints a struct: a fact on one line, anything else by its fields.
func (p *printer) structure(name string, v reflect.Value, depth int) {
	switch x := v.Interface().(type) {
	case time.Time:
		if !x.IsZero() {
			p.line(name, "%s", x.UTC().Format(time.RFC3339))
		}
		return
	case model.Place:
		if x != (model.Place{}) {
			p.line(name, "@%s", where(x.Span, x.Path))
		}
		return
	}
	if x, ok := reflect.TypeAssert[source.Span](v); ok {
		if x.IsValid() {
			p.line(name, "@%s", where(x, ""))
		}
		return
	}
	t := v.Type()
	if strings.HasPrefix(t.Name(), "Fact[") {
		p.fact(name, v)
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || name != "" && slices.Contains(linked[:], f.Name) {
			continue
		}
		if s, ok := reflect.TypeAssert[model.State](v.Field(i)); ok {
			if s != model.Unset {
				p.line(name+"."+f.Name, "%s", s)
			}
			continue
		}
		p.value(name+"."+f.Name, v.Field(i), depth+1)
	}
}

// fact prints one fact: its value, its state and its place.
func (p *printer) fact(name string, v reflect.Value) {
	state := v.FieldByName("State").Interface().(model.State)
	value := v.FieldByName("Value")
	if state == model.Unset && value.IsZero() {
		return
	}
	span := v.FieldByName("Span").Interface().(source.Span)
	p.line(name, "%+v (%s) @%s", value.Interface(), state, where(span, v.FieldByName("Path").String()))
}

// where returns a place as text.
func where(span source.Span, path string) string {
	if span.IsValid() {
		return span.Position().String()
	}
	return path
}
