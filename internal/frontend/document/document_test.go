package document

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/source"
)

// print writes v with the line and column of every value.
func print(b *strings.Builder, v *Value, indent string) {
	at := ""
	if v.Place.Span.IsValid() {
		p := v.Place.Span.Position()
		at = fmt.Sprintf(" @%d:%d", p.Line, p.Column)
	}
	fmt.Fprintf(b, "%d %q%s\n", v.Kind, v.Text, at)
	for _, x := range v.Items {
		b.WriteString(indent + "- ")
		print(b, x, indent+"  ")
	}
	for _, f := range v.Fields {
		b.WriteString(indent + f.Name + ": ")
		print(b, f.Value, indent+"  ")
	}
}

func TestRead(t *testing.T) {
	docs, errs := Read(source.NewFile("a.yaml", []byte("a: &x {b: 0x1F, c: yes}\nd: *x\ne: [.5, 1e3, .inf, null, true]\n---\n\"s\"\n")))
	if len(errs) > 0 || len(docs) != 2 {
		t.Fatalf("got %d documents and %v, want 2", len(docs), errs)
	}
	var got strings.Builder
	for _, d := range docs {
		print(&got, d, "")
	}
	want := `5 "" @1:1
a: 5 "" @1:7
  b: 2 "31" @1:11
  c: 3 "yes" @1:20
d: 5 "" @1:7
  b: 2 "31" @1:11
  c: 3 "yes" @1:20
e: 4 "" @3:4
  - 2 "0.5" @3:5
  - 2 "1e3" @3:9
  - 3 ".inf" @3:14
  - 0 "" @3:20
  - 1 "true" @3:26
3 "s" @5:1
`
	if d := cmp.Diff(got.String(), want); d != "" {
		t.Errorf("(-got +want)\n%s", d)
	}
}

// TestDecode gives JSON the same values as reading it as a file does.
func TestDecode(t *testing.T) {
	const text = `{"a": [1, 2.5, "x", null, true], "b": {"c": {}}, "a": false}`
	v, err := Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	docs, _ := Read(source.NewFile("a.json", []byte(text)))
	for _, path := range [][]string{{"a"}, {"b", "c"}, {"b"}} {
		if got, want := v.Get(path...).Kind, docs[0].Get(path...).Kind; got != want {
			t.Errorf("%v: got kind %d, want %d", path, got, want)
		}
	}
	if got := len(v.Fields); got != 2 {
		t.Errorf("got %d fields, want 2", got)
	}
	for _, bad := range []string{``, `{`, `{} {}`, `{"a"}`, strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		if _, err := Decode([]byte(bad)); err == nil {
			t.Errorf("%.20q is read", bad)
		}
	}
}

// TestBounds refuses a small file that says the same without end.
func TestBounds(t *testing.T) {
	text := "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
	for c := 'b'; c < 'k'; c++ {
		text += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	if _, errs := Read(source.NewFile("bomb.yaml", []byte(text))); len(errs) != 1 || errs[0].Message != "file says more than is read of one" {
		t.Errorf("got %v, want one error", errs)
	}
}
