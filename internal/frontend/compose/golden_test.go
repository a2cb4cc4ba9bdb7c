package compose

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares the facts of each archive in testdata/golden, printed as
// text, with its last file. The Compose files are the first one and those
// with "override" in their name; the comment holds variables.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/golden/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("got %d archives (%v), want some", len(paths), err)
	}
	for _, p := range paths {
		a, err := txtar.ParseFile(p)
		if err != nil {
			t.Fatal(err)
		}
		last := &a.Files[len(a.Files)-1]
		if last.Name != "want" {
			a.Files = append(a.Files, txtar.File{Name: "want"})
			last = &a.Files[len(a.Files)-1]
		}
		got := print(readArchive(a))
		if *update {
			last.Data = []byte(got)
			if err := os.WriteFile(p, txtar.Format(a), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(got, string(last.Data)); d != "" {
			t.Errorf("%s (-got +want):\n%s", p, d)
		}
	}
}

func readArchive(a *txtar.Archive) *model.Facts {
	all := map[string]*source.File{}
	var files []*source.File
	for i, f := range a.Files {
		file := source.NewFile(f.Name, f.Data)
		all[f.Name] = file
		if i == 0 || strings.Contains(f.Name, "override") {
			files = append(files, file)
		}
	}
	o := Options{Name: "p", Env: map[string]string{}, Load: func(name string) (*source.File, error) {
		if f := all[name]; f != nil {
			return f, nil
		}
		return nil, errors.New("no such file")
	}}
	for line := range strings.FieldsSeq(string(a.Comment)) {
		if k, v, ok := strings.Cut(line, "="); ok {
			o.Env[k] = v
		}
	}
	return Read(files, o)
}

// print returns what facts say, each statement with its place. Facts that are
// unset are left out.
func print(f *model.Facts) string {
	var b strings.Builder
	for _, w := range f.Workloads {
		fmt.Fprintf(&b, "service %s %s", w.Name, place(w.Place.Span))
		for name, on := range map[string]bool{"inactive": w.Inactive, "short": w.Short} {
			if on {
				fmt.Fprintf(&b, " %s", name)
			}
		}
		b.WriteByte('\n')
		printStruct(&b, "  ", reflect.ValueOf(*w))
	}
	for _, n := range f.Networks {
		fmt.Fprintf(&b, "network %s %s default=%v external=%v\n", n.Name, place(n.Place.Span), n.Default, n.External)
		printStruct(&b, "  ", reflect.ValueOf(*n))
	}
	for _, x := range f.Faults {
		fmt.Fprintf(&b, "fault %s %s\n", place(x.Place.Span), x.Message)
	}
	for _, x := range f.Notes {
		fmt.Fprintf(&b, "note %s %s\n", x.What, x.Why)
	}
	return b.String()
}

func place(s source.Span) string {
	if !s.IsValid() {
		return "-"
	}
	text := s.Text()
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return fmt.Sprintf("%s %q", s.Position(), text)
}

func printStruct(b *strings.Builder, indent string, v reflect.Value) {
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch name {
		case "Workloads", "Declared", "Build", "Network", "Members", "Peers", "Kernel":
			if v.Field(i).Kind() != reflect.Struct {
				continue
			}
		}
		printValue(b, indent+name, v.Field(i))
	}
}

func printValue(b *strings.Builder, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && v.Elem().Kind() == reflect.Struct && v.Type() != reflect.TypeFor[*source.File]() {
			printStruct(b, name+".", v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			if v.Index(i).Kind() == reflect.Struct {
				printValue(b, fmt.Sprintf("%s[%d]", name, i), v.Index(i))
			}
		}
	case reflect.Struct:
		switch {
		case v.FieldByName("Value").IsValid() && v.FieldByName("State").IsValid():
			if state := v.FieldByName("State").Interface().(model.State); state != model.Unset && v.FieldByName("Span").Interface().(source.Span).IsValid() {
				if state == model.Unknown && v.FieldByName("Edit").IsNil() && v.FieldByName("Value").IsZero() {
					return
				}
				fmt.Fprintf(b, "%s %+v %v %s\n", name, v.FieldByName("Value"), state, place(v.FieldByName("Span").Interface().(source.Span)))
			}
		case v.FieldByName("Items").IsValid():
			printValue(b, name, v.FieldByName("Items"))
			if v.FieldByName("State").Interface().(model.State) == model.Unknown {
				fmt.Fprintf(b, "%s unknown\n", name)
			}
		case v.Type() == reflect.TypeFor[model.Place](), v.Type() == reflect.TypeFor[source.Span]():
		default:
			if p, ok := reflect.TypeAssert[model.Port](v); ok {
				fmt.Fprintf(b, "%s %d-%d:%d-%d/%s %v %s\n", name, p.HostFirst, p.HostLast, p.First, p.Last, p.Protocol, p.State, place(p.Place.Span))
			}
			if m, ok := reflect.TypeAssert[model.Mount](v); ok {
				fmt.Fprintf(b, "%s %s %s\n", name, m.Kind, place(m.Place.Span))
			}
			if x, ok := reflect.TypeAssert[model.Variable](v); ok {
				fmt.Fprintf(b, "%s %s from %s %s\n", name, x.Name, x.From, place(x.Key))
			}
			if x, ok := reflect.TypeAssert[model.Attachment](v); ok {
				fmt.Fprintf(b, "%s %s %v %s\n", name, x.Name, x.Aliases, place(x.Place.Span))
			}
			printStruct(b, name+".", v)
		}
	}
}
