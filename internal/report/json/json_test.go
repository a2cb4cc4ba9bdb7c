package json

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"bulkhead/internal/report"
	"bulkhead/internal/report/reporttest"
)

func TestGolden(t *testing.T) {
	reporttest.Golden(t, Document{}, "report.json")
	lines := reporttest.Golden(t, Lines{}, "report.jsonl")
	for l := range bytes.Lines(lines) {
		if !json.Valid(l) {
			t.Errorf("not JSON: %s", l)
		}
	}
}

func TestEmpty(t *testing.T) {
	var got bytes.Buffer
	if err := (Document{}).Write(&got, &report.Report{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got.String(), "null") {
		t.Errorf("got %s, want empty lists and no null", got.String())
	}
}

// TestDocumented compares the fields with docs/guide/json.md, both ways.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/guide/json.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{"type": true}
	for row := range strings.Lines(string(text)) {
		cell, _, ok := strings.Cut(strings.TrimPrefix(row, "| `"), " |")
		if !ok || !strings.HasPrefix(row, "| `") {
			continue
		}
		for name := range strings.SplitSeq("`"+cell, ",") {
			documented[strings.Trim(name, " `")] = true
		}
	}
	written := map[string]bool{"type": true}
	fields(reflect.TypeFor[document](), "", written)
	for name := range written {
		if !documented[name] {
			t.Errorf("%s is written and not documented", name)
		}
	}
	for name := range documented {
		if !written[name] {
			t.Errorf("%s is documented and not written", name)
		}
	}
}

// fields collects the names of the fields of t, those of findings, places and
// suppressions without what leads to them.
func fields(t reflect.Type, prefix string, names map[string]bool) {
	for t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() == "time" {
		return
	}
	switch t {
	case reflect.TypeFor[Finding](), reflect.TypeFor[place](), reflect.TypeFor[suppressed]():
		prefix = ""
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous {
			fields(f.Type, prefix, names)
			continue
		}
		if full := prefix + name; f.Type != reflect.TypeFor[tool]() && f.Type != reflect.TypeFor[exit]() && f.Type != reflect.TypeFor[counts]() {
			names[full] = true
		}
		fields(f.Type, prefix+name+".", names)
	}
}
