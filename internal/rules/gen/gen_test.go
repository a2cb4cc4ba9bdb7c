package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
)

const dir = "../../../docs/rules"

// TestPages tells when a page is older than its rule, missing or left over.
func TestPages(t *testing.T) {
	want := pages()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := want[f.Name()]; !ok {
			t.Errorf("docs/rules/%s belongs to no rule: run make gen", f.Name())
		}
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%v: run make gen", err)
		} else if diff := cmp.Diff(string(got), text); diff != "" {
			t.Errorf("docs/rules/%s is stale, run make gen: -got +want\n%s", name, diff)
		}
	}
}

// TestComplete checks that every archive has the three paragraphs the pages
// put headings over, and that every surface with a fix is one the rule claims.
func TestComplete(t *testing.T) {
	for _, g := range describe() {
		for _, r := range g.rules {
			if got, want := len(r.page.Paragraphs), len(headings); got != want {
				t.Errorf("%s: the archive has %d paragraphs, want %d", r.Name, got, want)
			}
			judged := join(r.Surfaces())
			for _, c := range r.cures {
				if !strings.Contains(judged, string(c.surface)) {
					t.Errorf("%s: has a fix on %s, want one of %s", r.Name, c.surface, judged)
				}
			}
		}
	}
}

// TestRun writes into a folder that holds an old page.
func TestRun(t *testing.T) {
	to := t.TempDir()
	old := filepath.Join(to, "gone.md")
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(to); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the page of a rule that is gone is still there")
	}
	files, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(files), len(pages()); got != want {
		t.Errorf("got %d pages, want %d", got, want)
	}
}

func TestEscape(t *testing.T) {
	got := escape("run *.sh | <name> with `*` and A_B")
	if want := "run \\*.sh \\| \\<name> with `*` and A\\_B"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFix(t *testing.T) {
	var d described
	if got, want := d.fix(), "no"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d.cured(model.Compose, false)
	if got, want := d.fix(), "`--unsafe`"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d.cured(model.Compose, true)
	if got, want := d.fix(), "yes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
