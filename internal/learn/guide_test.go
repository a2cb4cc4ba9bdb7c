package learn

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestGuide: the guide names every key of what is saved and printed.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/guide/least-privilege.md")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	var check func(of reflect.Type)
	check = func(of reflect.Type) {
		for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of == reflect.TypeFor[Profile]() { // which is the engines' own
			return
		}
		for f := range of.Fields() {
			key := f.Tag.Get("json")
			if count++; key == "" || !strings.Contains(string(text), "`"+key+"`") {
				t.Errorf("%s.%s: the guide does not name its key %q", of.Name(), f.Name, key)
			}
			check(f.Type)
		}
	}
	check(reflect.TypeFor[Learned]())
	check(reflect.TypeFor[Comparison]())
	if count < 50 {
		t.Errorf("got %d keys, want all", count)
	}
}
