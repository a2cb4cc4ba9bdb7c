package facttest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
)

var update = flag.Bool("update", false, "write the goldens")

// Pairs compares, for every archive of testdata, what read makes of the first
// file with the second one, facts as text.
func Pairs(t *testing.T, read func(name string, data []byte) *model.Facts) {
	for _, name := range archives(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			a := parsed(t, name)
			if len(a.Files) != 2 {
				t.Fatalf("got %d files, want one and its facts", len(a.Files))
			}
			got := Print(read(a.Files[0].Name, a.Files[0].Data))
			if got == "" {
				t.Fatal("got no facts")
			}
			a.Files[1].Data = []byte(got)
			compare(t, name, a)
		})
	}
}

// Archives compares every archive of testdata with what made makes of it anew:
// the files NAME.facts and NAME.edited that follow each file, given the names of
// edits in the archive's comment.
func Archives(t *testing.T, made func(t *testing.T, in txtar.File, edits []string) []txtar.File) {
	for _, name := range archives(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			a := parsed(t, name)
			out := &txtar.Archive{Comment: a.Comment}
			for _, f := range inputs(a) {
				out.Files = append(append(out.Files, f), made(t, f, strings.Fields(string(a.Comment)))...)
			}
			compare(t, name, out)
		})
	}
}

// Inputs returns the files that are read of all archives that Archives compares.
func Inputs(t testing.TB) []txtar.File {
	t.Helper()
	var out []txtar.File
	for _, name := range archives(t) {
		out = append(out, inputs(parsed(t, name))...)
	}
	return out
}

// inputs returns the files of a that nothing made.
func inputs(a *txtar.Archive) []txtar.File {
	var out []txtar.File
	for _, f := range a.Files {
		if !strings.HasSuffix(f.Name, ".facts") && !strings.HasSuffix(f.Name, ".edited") {
			out = append(out, f)
		}
	}
	return out
}

func archives(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("got %d archives and error %v, want some", len(names), err)
	}
	return names
}

func parsed(t testing.TB, name string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// compare compares the file at name with a, or writes a there with -update.
func compare(t *testing.T, name string, a *txtar.Archive) {
	t.Helper()
	got := txtar.Format(a)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil { //nolint:gosec // others may read it
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
