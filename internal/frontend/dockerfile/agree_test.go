package dockerfile

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"bulkhead/internal/source"
)

// flat is an instruction as both readers see it.
type flat struct {
	Name        string
	First, Last int
	Flags       []string
	Words       []string
	JSON        bool
	Docs        []string
}

// TestAgreement checks that the scanner and BuildKit's parser see the same
// instructions, lines and words in every Dockerfile that is available.
func TestAgreement(t *testing.T) {
	n := 0
	for name, text := range corpus(t) {
		n++
		if !agree(t, text) {
			t.Errorf("%s differs", name)
		}
	}
	t.Logf("%d Dockerfiles", n)
}

// agree reports whether both readers take text the same way.
func agree(t *testing.T, text string) bool {
	t.Helper()
	statements, refused := ours(text)
	result, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		if !refused {
			t.Errorf("BuildKit refuses with %q what raises no fault here:\n%s", err, text)
			return false
		}
		return true
	}
	var got, want []flat
	for _, st := range statements {
		got = append(got, flatten(st.node(), st.first, st.last))
	}
	for _, n := range result.AST.Children {
		w := flatten(n, n.StartLine, n.EndLine)
		for i, f := range w.Flags {
			w.Flags[i] = bytesOf(f)
		}
		want = append(want, w)
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("scanner and BuildKit differ (-got +want):\n%s\n%s", d, text)
		return false
	}
	_, _, err = instructions.Parse(result.AST, linter.New(&linter.Config{}))
	if (err != nil) && !refused {
		t.Errorf("BuildKit refuses with %q what raises no fault here:\n%s", err, text)
		return false
	}
	return true
}

// bytesOf undoes what BuildKit does to flags: it takes their bytes for runes.
func bytesOf(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// ours reads text with the scanner, and reports whether there were faults.
func ours(text string) ([]*statement, bool) {
	r := newReader(source.NewFile("Dockerfile", []byte(text)), Options{})
	r.read()
	return r.lines, len(r.facts.Faults) > 0
}

func flatten(n *parser.Node, first, last int) flat {
	f := flat{Name: n.Value, First: first, Last: last, Flags: n.Flags, JSON: n.Attributes["json"]}
	if len(f.Flags) == 0 {
		f.Flags = nil
	}
	for _, d := range n.Heredocs {
		f.Docs = append(f.Docs, d.Name+"\n"+d.Content)
	}
	for n = n.Next; n != nil; n = n.Next {
		if len(n.Children) > 0 {
			inner := flatten(n.Children[0], 0, 0)
			f.Words = append(f.Words, inner.Name)
			f.Flags = append(f.Flags, inner.Flags...)
			f.Words = append(f.Words, inner.Words...)
			f.JSON = f.JSON || inner.JSON
			continue
		}
		f.Words = append(f.Words, string([]rune(n.Value))) // BuildKit decodes some words and not others
	}
	return f
}

// corpus returns the Dockerfiles to compare on, by name.
func corpus(tb testing.TB) map[string]string {
	tb.Helper()
	all := map[string]string{}
	for _, text := range nasty {
		all["nasty "+text] = text
		all["nasty, CRLF "+text] = strings.ReplaceAll(text, "\n", "\r\n")
	}
	cases := filepath.Join("..", "..", "..", "..", "shared", "data", "cases")
	for _, name := range []string{"hadolint", "kics-dockerfile", "buildkit-dockerfile", "trivy-dockerfile-examples"} {
		data, err := os.ReadFile(filepath.Join(cases, name+".jsonl"))
		if err != nil {
			tb.Logf("without the cases of %s: %v", name, err)
			continue
		}
		for line := range bytes.Lines(data) {
			var c struct{ Surface, Text, Wrap string }
			if err := json.Unmarshal(line, &c); err != nil {
				tb.Fatalf("%s: %v", name, err)
			}
			if c.Surface != "dockerfile" {
				continue
			}
			if c.Wrap == "onbuild" {
				c.Text = "ONBUILD " + c.Text
			}
			all[name+" "+c.Text] = c.Text
		}
	}
	return all
}
