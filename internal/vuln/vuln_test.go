package vuln

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
)

// shared is where the test data is.
const shared = "../../../shared/data"

// day is when the databases of the tests are built.
var day = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// advisories returns the folder of real advisories.
func advisories(tb testing.TB) string {
	tb.Helper()
	dir := filepath.Join(shared, "advisories")
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("no real advisories: %v", err)
	}
	return dir
}

// folder writes the files of an archive to a folder.
func folder(tb testing.TB, archive string) string {
	tb.Helper()
	dir := tb.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// database builds a folder and opens the result.
func database(tb testing.TB, dir string) *DB {
	tb.Helper()
	out := filepath.Join(tb.TempDir(), "advisories.db")
	if _, err := Build(context.Background(), dir, out, Options{Now: day}); err != nil {
		tb.Fatal(err)
	}
	return open(tb, out)
}

func open(tb testing.TB, path string) *DB {
	tb.Helper()
	d, err := Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

func match(tb testing.TB, d *DB, packages ...*model.Package) *Result {
	tb.Helper()
	r, err := d.Match(packages)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// pkg makes a package of "ecosystem name version".
func pkg(s string) *model.Package {
	f := strings.Split(s, " ")
	return &model.Package{Ecosystem: f[0], Name: f[1], Version: strings.Join(f[2:], " ")}
}
