package yamltext

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"bulkhead/internal/source"
)

// A tree is what a document says, without its places.
type tree struct {
	Kind Kind
	Text string
	Keys []string
	Kids []*tree
}

// treeOf returns the tree of v. simple is false where an edit may show at
// several places: where there are aliases, merges or keys that are no scalars.
func treeOf(v Value, depth int, simple *bool) *tree {
	t := &tree{Kind: v.Kind(), Text: v.Text()}
	if v.Shared() || v.n.used || depth > 20 || v.n.kind == Mapping && len(v.n.kids) != 2*len(v.n.pairs) {
		*simple = false
		return t
	}
	for _, p := range v.Pairs() {
		if p.key.alias || p.key.used || p.key.outer != p.key.start {
			*simple = false
		}
		t.Keys = append(t.Keys, p.Key())
		t.Kids = append(t.Kids, treeOf(p, depth+1, simple))
	}
	for _, i := range v.Items() {
		t.Kids = append(t.Kids, treeOf(i, depth+1, simple))
	}
	return t
}

func (t *tree) at(path []int) *tree {
	for _, i := range path {
		t = t.Kids[i]
	}
	return t
}

// remove takes the tree at path out, with what it leaves empty.
func (t *tree) remove(path []int) {
	last := len(path) - 1
	up := t.at(path[:last])
	if len(up.Kids) == 1 && last > 0 {
		t.remove(path[:last])
		return
	}
	up.Kids = slices.Delete(up.Kids, path[last], path[last]+1)
	if up.Kind == Mapping {
		up.Keys = slices.Delete(up.Keys, path[last], path[last]+1)
	}
}

// walk calls visit for v and everything below it that is its own.
func walk(v Value, path []int, budget *int, visit func(v Value, path []int)) {
	if *budget--; *budget < 0 || v.Shared() || len(path) > 20 {
		return
	}
	visit(v, path)
	for i, c := range append(v.Pairs(), v.Items()...) {
		walk(c, append(slices.Clip(path), i), budget, visit)
	}
}

// An edit is one way to change the value at a place, and what it does.
type edit struct {
	name  string
	make  func(v Value) []source.Edit
	apply func(t *tree, path []int)
}

func edits() []edit {
	leaf := func(s string) *tree { return &tree{Kind: String, Text: s} }
	return []edit{
		{
			"set", func(v Value) []source.Edit { return v.Set(Str("a: #b")) },
			func(t *tree, path []int) { *t.at(path) = *leaf("a: #b") },
		},
		{
			"set a list", func(v Value) []source.Edit { return v.Set(Strs("x", "no")) },
			func(t *tree, path []int) { *t.at(path) = tree{Kind: Sequence, Kids: []*tree{leaf("x"), leaf("no")}} },
		},
		{
			"set a mapping", func(v Value) []source.Edit { return v.Set(Map(Entry{"k", Str("x")}, Entry{"l", Strs("z")})) },
			func(t *tree, path []int) {
				*t.at(path) = tree{Kind: Mapping, Keys: []string{"k", "l"}, Kids: []*tree{leaf("x"), {Kind: Sequence, Kids: []*tree{leaf("z")}}}}
			},
		},
		{
			"insert", func(v Value) []source.Edit { return v.At("new key", "k").Set(Str("x")) },
			func(t *tree, path []int) {
				at := t.at(path)
				at.Kind, at.Text = Mapping, ""
				at.Keys = append(at.Keys, "new key")
				at.Kids = append(at.Kids, &tree{Kind: Mapping, Keys: []string{"k"}, Kids: []*tree{leaf("x")}})
			},
		},
		{
			"append", func(v Value) []source.Edit { return v.Append(Map(Entry{"k", Str("x")}, Entry{"l", Str("z")})) },
			func(t *tree, path []int) {
				at := t.at(path)
				if at.Kind >= Boolean && at.Kind <= String {
					old := *at
					*at = tree{Kids: []*tree{&old}}
				}
				at.Kind, at.Text = Sequence, ""
				at.Kids = append(at.Kids, &tree{Kind: Mapping, Keys: []string{"k", "l"}, Kids: []*tree{leaf("x"), leaf("z")}})
			},
		},
		{
			"delete", func(v Value) []source.Edit { return v.Delete() },
			func(t *tree, path []int) { t.remove(path) },
		},
	}
}

// seeds are documents of every shape, and what went wrong once.
var seeds = []string{
	"a: b\nc:\n  - d\n  - e: f\n    g: h # i\n", "{\"a\": [1, {\"b\": null}], \"c\": {}}\n", "a:\n- b\n-\n- - c\n  - d\n",
	"a: |\n  b\n  c\n\nd: >-\n  e\n", "a: 'b''c'\nd: \"e\\\"f\"\n", "a:\r\n  b: c\r\n  d:\r\n", "? a\n: b\n? c\n", "a: [b, c: d, {e: f}, ]\n",
	"a: &x b\nc: *x\nd: &y {e: f}\ng:\n  <<: *y\n", "--- a\n...\n--- # b\nc: d\n", "\uFEFFé: ü # ö\n", "a: one\n  two\n", "a: !!str 5\nb: !x\n  c: d\n",
	"a:\n\n    b: c\n\n    # d\ne: f", "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t2\n\t]\n}", "a: {b: , c, d: e}\n", "- a: b\n  c: d\n- ~\n",
	"-0\n\t", "!d, (]!{!e!!! c: !\n! c:d, (]!{!: f},(]\n", "a: |\n eb\n  c b\n\n\nd: >-\n   \n", "a: |\n eb c \n b\n\n\nd:\n   \n",
}

// TestEdits checks every edit of the seeds.
func TestEdits(t *testing.T) {
	for _, s := range seeds {
		checkAll(t, []byte(s))
	}
}

// FuzzEdit checks that nothing crashes, that every span is inside of the file and
// that every edit can be applied. That an edit leaves a document which says what
// it said, TestEdits holds for documents people write; of what mutation makes of
// YAML's odd corners the fix loop refuses a result that cannot be read (FuzzFix).
func FuzzEdit(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := source.NewFile("x", text)
		docs, errs := Parse(file)
		if len(errs) > 0 {
			return
		}
		for _, d := range docs {
			budget := 60
			walk(d, nil, &budget, func(v Value, _ []int) {
				if s := v.Span(); s.Start < 0 || s.End < s.Start || s.End > len(text) {
					t.Fatalf("span %d to %d of %d bytes", s.Start, s.End, len(text))
				}
				for _, e := range edits() {
					if _, err := source.Apply(file, e.make(v)); err != nil {
						t.Fatalf("%s: %v", e.name, err)
					}
				}
			})
		}
	})
}

// checkAll checks the span of every value of text, and every edit of it.
func checkAll(t *testing.T, text []byte) {
	t.Helper()
	file := source.NewFile("x", text)
	docs, errs := Parse(file)
	if len(errs) > 0 || len(docs) == 0 {
		t.Fatalf("%q: not read: %v", text, errs)
	}
	for n := range docs {
		simple := true
		treeOf(docs[n], 0, &simple)
		budget := 60
		walk(docs[n], nil, &budget, func(v Value, path []int) {
			checkSpan(t, v)
			for _, e := range edits() {
				checkEdit(t, file, n, path, e, simple)
			}
		})
	}
}

func checkSpan(t *testing.T, v Value) {
	t.Helper()
	s := v.Span()
	if s.Start < 0 || s.End < s.Start || s.End > len(s.File.Text) {
		t.Fatalf("span %d to %d of %d bytes", s.Start, s.End, len(s.File.Text))
	}
	text := s.Text()
	if !v.IsScalar() || v.n.odd || strings.HasSuffix(text, ":") || strings.ContainsAny(text, "\r\n\u0085\u2028\u2029") || v.n.style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return
	}
	var block, flow yaml.Node
	if err := yaml.Unmarshal([]byte("- "+text+"\n"), &block); err == nil && block.Content[0].Content[0].Value == v.Text() {
		return
	}
	if err := yaml.Unmarshal([]byte("["+text+"\n]"), &flow); err != nil || flow.Content[0].Content[0].Value != v.Text() {
		t.Fatalf("span %q does not read %q: %v", text, v.Text(), err)
	}
}

// checkEdit makes edit e at path of document n and reads the result. The
// file is parsed anew, because some edits look at marks on its nodes.
func checkEdit(t *testing.T, file *source.File, n int, path []int, e edit, simple bool) {
	t.Helper()
	docs, _ := Parse(file)
	v := docs[n]
	for _, i := range path {
		v = append(v.Pairs(), v.Items()...)[i]
	}
	made := e.make(v)
	if made == nil {
		return
	}
	got, err := source.Apply(file, made)
	if err != nil {
		t.Fatal(err)
	}
	after, errs := Parse(source.NewFile("x", got))
	if len(errs) > 0 || len(after) != len(docs) {
		t.Fatalf("%s at %v of %q: result does not read: %v\n%q", e.name, path, file.Text, errs, got)
	}
	if !bytes.HasSuffix(file.Text, []byte("\n")) && bytes.ContainsAny(file.Text, "|>") {
		return // a block scalar that the file ends in gains the line end before what is added
	}
	if !simple {
		return
	}
	var ok bool
	want := treeOf(docs[n], 0, &ok)
	e.apply(want, path)
	if d := cmp.Diff(treeOf(after[n], 0, &ok), want, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s at %v of %q gives %q (-got +want):\n%s", e.name, path, file.Text, got, d)
	}
}

// FuzzParse checks that anything is read without a panic and that errors have
// a place.
func FuzzParse(f *testing.F) {
	f.Add([]byte("a: [b\n"))
	f.Add([]byte("{{ x }}"))
	f.Add([]byte("a: *b"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file := source.NewFile("x", text)
		docs, errs := Parse(file)
		for _, e := range errs {
			if s := e.Span; s.File != file || s.Start < 0 || s.End > len(text) || e.Message == "" {
				t.Fatalf("error %v without a place", e)
			}
		}
		for _, d := range docs {
			budget := 1000
			walk(d, nil, &budget, func(v Value, _ []int) { checkSpan(t, v) })
		}
		IsTemplate(text)
	})
}

// BenchmarkParse reads a file of 1,000 services, and one that is as bad as it
// gets for its size.
func BenchmarkParse(b *testing.B) {
	for name, text := range map[string][]byte{
		"services": bytes.Repeat([]byte("- image: nginx # c\n  ports:\n    - \"80:80\"\n  labels: {a: b, c: [d]}\n"), 1000),
		"nested":   []byte(strings.Repeat("[", 400) + strings.Repeat("]", 400)),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Parse(source.NewFile("x", text))
			}
		})
	}
}
