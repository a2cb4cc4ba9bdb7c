package fix

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/source"
)

// replace finds every old in the files and offers to make it new.
func replace(old, new string, safe bool) func([]*source.File) ([]finding.Finding, error) {
	return func(files []*source.File) ([]finding.Finding, error) {
		var out []finding.Finding
		for _, f := range files {
			if i := strings.Index(string(f.Text), old); i >= 0 {
				out = append(out, finding.Finding{Rule: old, Fixes: []finding.Fix{{
					Safe: safe, Edits: []source.Edit{{Span: f.Span(i, i+len(old)), New: new}},
				}}})
			}
		}
		return out, nil
	}
}

func TestFiles(t *testing.T) {
	in := source.NewFile("a", []byte("one two two\r\n"))
	res, err := Files([]*source.File{in}, Unsafe, replace("two", "three", false))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(res.Files[0].Text), "one three three\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(res.Applied) != 2 || len(res.Left) != 0 {
		t.Errorf("applied %d, left %d, want 2 and 0", len(res.Applied), len(res.Left))
	}
	if string(in.Text) != "one two two\r\n" {
		t.Error("the file given was changed")
	}
}

func TestFilesPermission(t *testing.T) {
	res, err := Files([]*source.File{source.NewFile("a", []byte("two"))}, Safe, replace("two", "three", false))
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Applied) != 0 || len(res.Left) != 1 {
		t.Errorf("applied %d, left %d, want 0 and 1", len(res.Applied), len(res.Left))
	}
}

func TestFilesCycle(t *testing.T) {
	_, err := Files([]*source.File{source.NewFile("a", []byte("x"))}, Unsafe, replace("x", "xx", false))
	if !errors.Is(err, ErrCycle) {
		t.Errorf("got %v, want %v", err, ErrCycle)
	}
}

// TestBreaks checks that what a fix must not do to a file is seen, whatever the
// rules find.
func TestBreaks(t *testing.T) {
	const good = "services:\n  web:\n    image: shop/web:1\n"
	for after, want := range map[string]string{
		good:                       "",
		good + "    user: \"1\"\n": "",
		good + "   user: [\n":      "did not find expected key",
		"services: {}\n":           "a part of it is missing",
	} {
		if got := breaks(source.NewFile("compose.yaml", []byte(good)), source.NewFile("compose.yaml", []byte(after))); got != want {
			t.Errorf("%q: got %q, want %q", after, got, want)
		}
	}
}

// TestPlan compares which edits fit with a look at all that are taken.
func TestPlan(t *testing.T) {
	f := source.NewFile("a", []byte("0123456789"))
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		p := plan{}
		var taken []source.Edit
		for range 20 {
			start := rng.IntN(10)
			e := source.Edit{Span: f.Span(start, start+rng.IntN(3)), Key: string(rune('a' + rng.IntN(3)))}
			if got, want := p.meets(e), slices.ContainsFunc(taken, e.Meets); got != want {
				t.Fatalf("%v beside %v: got %t, want %t", e, taken, got, want)
			}
			if !p.meets(e) {
				p.take(e)
				taken = append(taken, e)
			}
		}
		if _, err := source.Apply(f, p[f]); err != nil {
			t.Fatal(err)
		}
	}
}
