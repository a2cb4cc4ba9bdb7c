package yamltext

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"bulkhead/internal/source"
)

// mustParse returns the first document of text, which has no faults.
func mustParse(t *testing.T, text string) Value {
	t.Helper()
	docs, errs := Parse(source.NewFile("x.yaml", []byte(text)))
	if len(errs) > 0 {
		t.Fatalf("%q: %v", text, errs[0])
	}
	if len(docs) == 0 {
		t.Fatalf("%q: no document", text)
	}
	return docs[0]
}

// find returns the value at a dotted path; numbers are items.
func find(v Value, path string) Value {
	if path == "" {
		return v
	}
	for p := range strings.SplitSeq(path, ".") {
		if p[0] >= '0' && p[0] <= '9' {
			v = v.Items()[p[0]-'0']
			continue
		}
		v = v.Get(p)
	}
	return v
}

func TestSpan(t *testing.T) {
	for _, tt := range []struct {
		text, path, want string
	}{
		{"a: b\n", "a", "b"},
		{"é: ü # ö\n", "é", "ü"},
		{"日本: {😀: [1, ä, 3]}\n", "日本.😀.1", "ä"},
		{"a: &x b\n", "a", "b"},
		{"a: !!str 5\n", "a", "5"},
		{"a: !!str &x 5\n", "a", "5"},
		{"a: &x\n  !foo\n  b: c\n", "a", "b: c"},
		{"a: &x\n  # note\n  - 1\n  - 2\n", "a", "- 1\n  - 2"},
		{"a: &x b\nc: *x\n", "c", "b"},
		{"a: 'it''s' # x\n", "a", "'it''s'"},
		{"a: \"q\\\"q\" # x\n", "a", `"q\"q"`},
		{"a: one\n  two\n\n  three # x\n", "a", "one\n  two\n\n  three"},
		{"a: 'one\n\n  two'\n", "a", "'one\n\n  two'"},
		{"a: |\n  x\n  y\n\nb: 1\n", "a", "|\n  x\n  y"},
		{"a: |+\n  x\n\nb: 1\n", "a", "|+\n  x\n"},
		{"a: >-2\n    x\n   y\nb: 1\n", "a", ">-2\n    x\n   y"},
		{"a:\n- |\n  x\n- y\n", "a.0", "|\n  x"},
		{"a: |\n# c\nb: 1\n", "a", "|"},
		{"a:\nb: 1\n", "a", ""},
		{"a: # c\nb: 1\n", "a", ""},
		{"a: {b: 1, c: [2, {d: 3}]} # x\n", "a", "{b: 1, c: [2, {d: 3}]}"},
		{"a: {b: 1, c: [2, {d: 3}]} # x\n", "a.c.1", "{d: 3}"},
		{"a: [b: 1, {c: 2}]\n", "a.0", "b: 1"},
		{"a: [b: 1, {c: 2}]\n", "a.0.b", "1"},
		{"a: [\n  1, # one\n  2,\n]\n", "a", "[\n  1, # one\n  2,\n]"},
		{"a:\r\n  b: c\r\n  d: e\r\n", "a", "b: c\r\n  d: e"},
		{"a: |\r\n  b\r\n  c\r\nd: e\r\n", "a", "|\r\n  b\r\n  c"},
		{"\uFEFFa: b\n", "a", "b"},
		{"--- # c\na: b\n...\n", "a", "b"},
		{"? a\n: b\n", "a", "b"},
		{"a:\n-   b\n-   c: d\n    e: f\n", "a.1", "c: d\n    e: f"},
		{"a:\n- - 1\n  - 2\n", "a.0", "- 1\n  - 2"},
		{"{\"a\":\"b\",\"c\":[1,2]}", "c", "[1,2]"},
		{"a: http://x:80/#y\n", "a", "http://x:80/#y"},
		{"a: b\u2028  c\nd: e\n", "d", "e"},
	} {
		v := find(mustParse(t, tt.text), tt.path)
		if got := v.Span().Text(); got != tt.want {
			t.Errorf("%q at %s: got %q, want %q", tt.text, tt.path, got, tt.want)
		}
	}
}

func TestKeySpan(t *testing.T) {
	v := mustParse(t, "x: &x\n  \"k\" : 1\ny:\n  <<: *x\n  z: 2\n")
	got := v.At("y", "k").KeySpan().Position().String() + " " + v.At("y", "k").KeySpan().Text()
	if want := `x.yaml:2:3 "k"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestKinds(t *testing.T) {
	v := mustParse(t, `[true, True, "true", yes, on, 1, 0755, 0o17, 1_000, 1.5, 2.0, ~, null, '', 2001-01-01, .inf, !!str 1, !x ""]`)
	var got []string
	for _, i := range v.Items() {
		got = append(got, i.Kind().String())
	}
	want := strings.Fields("boolean boolean string string string integer integer integer integer decimal decimal null null string string decimal string string")
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("kinds (-got +want):\n%s", d)
	}
	if n, ok := v.Items()[6].Int(); n != 0o755 || !ok {
		t.Errorf("0755: got %d, %v, want %d", n, ok, 0o755)
	}
	if n, ok := v.Items()[10].Int(); n != 2 || !ok {
		t.Errorf("2.0: got %d, %v, want 2", n, ok)
	}
}

func TestMerge(t *testing.T) {
	v := mustParse(t, `
a: &a {x: 1, y: 1}
b: &b
  <<: *a
  y: 2
c:
  z: 3
  <<: [*b, {x: 9, w: 4}]
`)
	var got []string
	for _, p := range v.Get("c").Pairs() {
		got = append(got, p.Key()+"="+p.Text()+"@"+strings.TrimPrefix(p.Span().Position().String(), "x.yaml:"))
	}
	want := []string{"z=3@7:6", "y=2@5:6", "x=1@2:11", "w=4@8:22"}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("entries (-got +want):\n%s", d)
	}
	if !v.At("c", "x").Shared() || v.At("c", "z").Shared() {
		t.Error("got x its own or z shared, want x shared and z its own")
	}
}

func TestFaults(t *testing.T) {
	bomb := "a0: &a0 {k: v}\n"
	for i := range 30 {
		n := string(rune('A' + i))
		prev := "a0"
		if i > 0 {
			prev = string(rune('A' + i - 1))
		}
		bomb += "x" + n + ": &" + strings.ToLower("n"+n) + " [*" + strings.ToLower(map[bool]string{true: prev, false: "n" + prev}[i == 0]) + "]\n"
		if i == 24 {
			break
		}
	}
	for _, tt := range []struct {
		name, text, want string
	}{
		{"tab", "a:\n\tb: c\n", "x.yaml:2:2: found character that cannot start any token"},
		{"nul", "a: b\nc: \x00\n", "x.yaml:2:4: control characters are not allowed"},
		{"latin1", "a: \xe9\n", "x.yaml:1:4: text is not UTF-8"},
		{"utf16", "\xff\xfea\x00", "x.yaml:1:1: text is not UTF-8"},
		{"anchor", "a: b\nc: *no\n", "x.yaml:2:4: unknown anchor 'no' referenced"},
		{"twice", "a: 1\nb: 2\na: 3\n", `x.yaml:3:1: key "a" is given twice`},
		{"deep", strings.Repeat("[", 100_000), "x.yaml:1:1: exceeded max depth of 10000"},
		{"deep block", strings.Repeat("- ", 600) + "x", "x.yaml:1:1003: nested deeper than 500 levels"},
		{"large", strings.Repeat("x", 9<<20), "x.yaml:1:1: file is larger than 8 MB"},
		{"many", strings.Repeat("- a\n", 600_000), "x.yaml:1:1: file has too many values"},
		{"cycle", "a: &a\n  b: *a\n", ""},
		{"merge cycle", "a: &a\n  <<: *a\n", "x.yaml:2:3: merge key leads back to the mapping it is in"},
		{"merge scalar", "a:\n  <<: b\n", "x.yaml:2:7: merge key needs a mapping or a list of mappings"},
		{"bomb", bomb, ""},
		{"indent", "a:\n  b:\n    c: d\n   e: f\ng: h\n", "x.yaml:4:4: did not find expected key"},
		{"indent of a later document", "a: b\n---\nc:\n    d: e\n   f: g\n", "x.yaml:5:4: did not find expected key"},
		{"item among keys", "a:\n- b\nc: d\n- e\n", "x.yaml:4:1: did not find expected key"},
		{"key among items", "a:\n- b\n c: d\n", "x.yaml:3:2: mapping values are not allowed in this context"},
		{"open bracket", "a: b\nc: [d\ne: f\n", "x.yaml:2:1: did not find expected ',' or ']'"},
		{"far", "a:\n  b: c\n" + strings.Repeat("  d: e\n", 1000) + " f: g\n", "x.yaml:1003:2: did not find expected key"},
	} {
		start := time.Now()
		_, errs := Parse(source.NewFile("x.yaml", []byte(tt.text)))
		got := ""
		if len(errs) > 0 {
			got = errs[0].Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%s: took %v, want less than 3s", tt.name, d)
		}
	}
}

func TestDocuments(t *testing.T) {
	docs, errs := Parse(source.NewFile("x.yaml", []byte("a: 1\n---\n# nothing\n---\nb: [\n")))
	if len(docs) != 2 || len(errs) != 1 {
		t.Fatalf("got %d documents and %d errors, want 2 and 1", len(docs), len(errs))
	}
	if k := docs[1].Kind(); k != Null {
		t.Errorf("second document: got %v, want null", k)
	}
}

func TestJSONTabs(t *testing.T) {
	v := mustParse(t, "\t{\n\t\t\"a\":\t{\n\t\t\t\"b\": \"x\\ty\"\n\t\t}\n\t}\n")
	if got := v.At("a", "b").Span().Text(); got != `"x\ty"` {
		t.Errorf("got %q", got)
	}
}

func TestIsTemplate(t *testing.T) {
	for text, want := range map[string]bool{
		"a: {{ .Values.x }}\n":         true,
		"{{- if .x }}\na: b\n":         true,
		"a: b\n  - {{ x }}\n":          true,
		"a: \"{{ .Name }}\"\n":         false,
		"a: b {{ x }}\n":               false,
		"tag: '{{.Name}}'\nb: {{c}}\n": true,
	} {
		if got := IsTemplate([]byte(text)); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestEdit(t *testing.T) {
	set := func(path string, l Lit) func(Value) []source.Edit {
		return func(v Value) []source.Edit { return find(v, path).Set(l) }
	}
	add := func(path string, l Lit) func(Value) []source.Edit {
		return func(v Value) []source.Edit { return find(v, path).Append(l) }
	}
	del := func(path string) func(Value) []source.Edit {
		return func(v Value) []source.Edit { return find(v, path).Delete() }
	}
	kept := func(keep, path string) func(Value) []source.Edit {
		return func(v Value) []source.Edit { find(v, keep).Keep(); return find(v, path).Delete() }
	}
	yes, s := Bool(true), Str("s")
	for _, tt := range []struct {
		name, text string
		edit       func(Value) []source.Edit
		want       string
	}{
		{"scalar", "a: false # c\n", set("a", yes), "a: true # c\n"},
		{"keeps single quotes", "a: 'x' # c\n", set("a", Str("it's")), "a: 'it''s' # c\n"},
		{"keeps double quotes", "a: \"x\"\n", set("a", s), "a: \"s\"\n"},
		{"quotes when needed", "a: x\n", set("a", Str("8080:80")), "a: \"8080:80\"\n"},
		{"plain when safe", "a: x\n", set("a", Str("127.0.0.1:8080:80/tcp")), "a: 127.0.0.1:8080:80/tcp\n"},
		{"empty", "a:\nb: 1\n", set("a", yes), "a: true\nb: 1\n"},
		{"empty before a comment", "a: # c\n", set("a", s), "a: s # c\n"},
		{"empty with an anchor", "a: &x # c\n", set("a", s), "a: &x s # c\n"},
		{"keeps an anchor nothing names", "a: &x 1\nb: 2\n", set("a", Int(2)), "a: &x 2\nb: 2\n"},
		{"nothing that an alias names", "a: &x 1\nb: *x\n", set("a", Int(2)), ""},
		{"alias", "a: &x 1\nb: *x\n", set("b", Int(2)), "a: &x 1\nb: 2\n"},
		{"literal", "a: |\n  x\n  y\nb: 1\n", set("a", s), "a: s\nb: 1\n"},
		{"mapping to scalar", "a:\n  b: c\nd: 1\n", set("a", s), "a: s\nd: 1\n"},
		{"insert", "a:\n  b: c # x\nd: 1\n", set("a.k", yes), "a:\n  b: c # x\n  k: true\nd: 1\n"},
		{"insert without a last line end", "a:\n    b: c", set("a.k", yes), "a:\n    b: c\n    k: true"},
		{"insert with CRLF", "a:\r\n  b: c\r\n", set("a.k", yes), "a:\r\n  b: c\r\n  k: true\r\n"},
		{"insert after a literal", "a:\n  b: |\n    x\n\nc: 1\n", set("a.k", yes), "a:\n  b: |\n    x\n  k: true\n\nc: 1\n"},
		{"insert deep", "a:\n   b: c\n", set("a.x.w.z", yes), "a:\n   b: c\n   x:\n      w:\n         z: true\n"},
		{"insert into null", "a: # c\nb: 1\n", set("a.k", yes), "a: # c\n  k: true\nb: 1\n"},
		{"insert into tilde", "a: ~ # c\n", set("a.k", yes), "a:\n  k: true # c\n"},
		{"insert into flow", "a: {b: 1} # c\n", set("a.k", Strs("x", "w")), "a: {b: 1, k: [x, w]} # c\n"},
		{"insert into empty flow", "a: {}\n", set("a.k.m", yes), "a: {k: {m: true}}\n"},
		{"insert into a list item", "a:\n  - b: 1\n    c: 2\n  - d: 3\n", set("a.0.k", yes), "a:\n  - b: 1\n    c: 2\n    k: true\n  - d: 3\n"},
		{"insert under an anchor", "a: &x\n  b: 1\n", set("a.k", yes), "a: &x\n  b: 1\n  k: true\n"},
		{"insert a list like its siblings", "a:\n  b:\n  - 1\n", set("a.k", Strs("x")), "a:\n  b:\n  - 1\n  k:\n  - x\n"},
		{"override a merged value", "x: &x {a: 1}\nw:\n  <<: *x\n", set("w.a", Int(2)), "x: &x {a: 1}\nw:\n  <<: *x\n  a: 2\n"},
		{"nothing below a merged value", "x: &x {a: {b: 1}}\nw:\n  <<: *x\n", set("w.a.b", Int(2)), ""},
		{"nothing below an alias", "x: &x {a: 1}\nw: *x\n", set("w.k", Int(2)), ""},
		{"multi-byte", "é:\n  ü: 1 # ö\n", set("é.k", yes), "é:\n  ü: 1 # ö\n  k: true\n"},
		{"byte order mark", "\uFEFFa: 1\n", set("k", yes), "\uFEFFa: 1\nk: true\n"},
		{"list of mappings", "a: 1\n", set("k", List(Map(Entry{"x", s}, Entry{"w", yes}))), "a: 1\nk:\n  - x: s\n    w: true\n"},
		{"before the end of the document", "a: 1\n---\nb: 1\n", set("k", yes), "a: 1\nk: true\n---\nb: 1\n"},
		{"JSON", "{\n  \"a\": 1\n}\n", set("k.m", s), "{\n  \"a\": 1,\n  \"k\": {\n    \"m\": \"s\"\n  }\n}\n"},
		{"JSON with tabs", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n", set("a.k", yes), "{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"k\": true\n\t}\n}\n"},
		{"JSON on one line", `{"a": 1}`, set("k", s), `{"a": 1, "k": "s"}`},
		{"JSON empty", "{}\n", set("k.m", s), "{\n  \"k\": {\n    \"m\": \"s\"\n  }\n}\n"},
		{"append", "a:\n  - x # c\nb: 1\n", add("a", s), "a:\n  - x # c\n  - s\nb: 1\n"},
		{"append not indented", "a:\n- x\nb: 1\n", add("a", s), "a:\n- x\n- s\nb: 1\n"},
		{"append to flow", "a: [x, w]\n", add("a", s), "a: [x, w, s]\n"},
		{"append to flow lines", "a: [\n  x,\n  w, # c\n]\n", add("a", s), "a: [\n  x,\n  w,\n  s, # c\n]\n"},
		{"append to empty flow", "a: []\n", add("a", s), "a: [s]\n"},
		{"append to shorthand", "a: x\nb: 1\n", add("a", s), "a:\n  - x\n  - s\nb: 1\n"},
		{"append to nothing", "a:\n  b: 1\n", add("a.k", s), "a:\n  b: 1\n  k:\n    - s\n"},
		{"append to null", "a:\nb: 1\n", add("a", s), "a:\n  - s\nb: 1\n"},
		{"append to a merged list", "x: &x {a: [p, 'q']}\nw:\n  <<: *x\n", add("w.a", s), "x: &x {a: [p, 'q']}\nw:\n  <<: *x\n  a:\n    - p\n    - 'q'\n    - s\n"},
		{"append to an alias", "x: &x [p]\nw: *x\n", add("w", s), "x: &x [p]\nw:\n  - p\n  - s\n"},
		{"delete", "a: 1 # c\nb: 2\n", del("a"), "b: 2\n"},
		{"delete the last", "a: 1\nb:\n  c: 1\n  d: 2", del("b"), "a: 1\n"},
		{"delete the only", "a: 1\nb:\n  c:\n    d: 1\n", del("b.c.d"), "a: 1\n"},
		{"delete the only of what is kept", "a: 1\nb:\n  c: 1\n", kept("b", "b.c"), "a: 1\nb: {}\n"},
		{"delete the only of all", "a: 1\n", del("a"), "{}\n"},
		{"delete an item", "a:\n  - x\n  - w # c\n  - z\n", del("a.1"), "a:\n  - x\n  - z\n"},
		{"delete the only item", "a:\n  - x\nb: 1\n", del("a.0"), "b: 1\n"},
		{"delete in flow", "a: [x, w, z]\n", del("a.1"), "a: [x, z]\n"},
		{"delete first in flow", "a: {x: 1, w: 2}\n", del("a.x"), "a: {w: 2}\n"},
		{"delete last in flow", "a: [x, w, z]\n", del("a.2"), "a: [x, w]\n"},
		{"delete next to a dash", "a:\n  - x: 1\n    w: 2\n", del("a.0.x"), "a:\n  - w: 2\n"},
		{"delete a literal", "a: |\n  x\n\nb: 1\n", del("a"), "\nb: 1\n"},
		{"delete an explicit key", "? a\n: 1\nb: 2\n", del("a"), "b: 2\n"},
		{"delete nothing that is named", "a: &x 1\nb: *x\n", del("a"), ""},
		{"delete nothing that is merged", "x: &x {a: 1}\nw:\n  <<: *x\n", del("w.a"), ""},
		{"delete from JSON", "{\n  \"a\": 1,\n  \"b\": 2\n}\n", del("a"), "{\n  \"b\": 2\n}\n"},
		{"delete last from JSON", "{\n  \"a\": 1,\n  \"b\": 2\n}\n", del("b"), "{\n  \"a\": 1\n}\n"},
	} {
		v := mustParse(t, tt.text)
		edits := tt.edit(v)
		if tt.want == "" {
			if edits != nil {
				t.Errorf("%s: got %v, want no edit", tt.name, edits)
			}
			continue
		}
		got, err := source.Apply(v.File(), edits)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got\n%s(%v), want\n%s", tt.name, got, err, tt.want)
		}
		if err := yaml.Unmarshal(got, new(yaml.Node)); err != nil {
			t.Errorf("%s: result is not YAML: %v", tt.name, err)
		}
	}
}

func TestInsertionsMeet(t *testing.T) {
	v := mustParse(t, "s:\n  a: 1\n  l:\n    - x\n")
	var edits []source.Edit
	for _, e := range [][]source.Edit{v.At("s", "r").Set(Bool(true)), v.At("s", "l").Append(Str("z")), v.At("s", "q").Set(Int(1))} {
		for _, have := range edits {
			if e[0].Meets(have) {
				t.Errorf("%q and %q may not go together, want they may", e[0].Key, have.Key)
			}
		}
		edits = append(edits, e...)
	}
	got, err := source.Apply(v.File(), edits)
	want := "s:\n  a: 1\n  l:\n    - x\n    - z\n  r: true\n  q: 1\n"
	if err != nil || string(got) != want {
		t.Errorf("got\n%s(%v), want\n%s", got, err, want)
	}
}

// TestEmptiedMeets checks that a list is not emptied and appended to in one go:
// the item would follow brackets.
func TestEmptiedMeets(t *testing.T) {
	for _, text := range []string{
		"a: &l\n  - x # why\nb: *l\n", "a: &l\n  - x", "a: &l [x]\nb: *l\n",
	} {
		v := mustParse(t, text)
		l := v.Get("a")
		gone, added := l.Items()[0].Delete(), l.Append(Str("y"))
		for _, g := range gone {
			for _, a := range added {
				if !g.Meets(a) {
					t.Errorf("%q: %q in place of %q and %q go together, want they do not", text, g.New, g.Span.Text(), a.New)
				}
			}
		}
	}
}
