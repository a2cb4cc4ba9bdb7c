package vuln

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
)

var update = flag.Bool("update", false, "rewrite what testdata wants")

// scenario reads testdata/match.txtar: the database and the packages.
func scenario(tb testing.TB) (*txtar.Archive, *DB, []*model.Package) {
	tb.Helper()
	a, err := txtar.ParseFile("testdata/match.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	var packages []*model.Package
	for line := range strings.Lines(string(a.Files[0].Data)) {
		f := strings.Fields(line)
		p := &model.Package{Ecosystem: strings.TrimPrefix(f[0], "-"), Name: f[1], Version: f[2]}
		switch {
		case len(f) == 6 && f[3] == "source":
			p.Source, p.SourceVersion = f[4], f[5]
		case len(f) == 5 && f[3] == "owner":
			p.Owner = f[4]
		case len(f) != 3:
			tb.Fatalf("%q is no package", line)
		}
		packages = append(packages, p)
	}
	return a, database(tb, filepath.Join(folder(tb, string(txtar.Format(a))), "db")), packages
}

// printed shows a result, one line each.
func printed(r *Result) string {
	var b strings.Builder
	for _, v := range r.Vulnerabilities {
		fmt.Fprintf(&b, "%s %s %s %s: %s %.1f, %s", v.ID, v.Package.Ecosystem, v.Package.Name, v.Package.Version, v.Severity, v.Score, v.State)
		if v.Fixed != "" {
			fmt.Fprintf(&b, " %s", v.Fixed)
		}
		fmt.Fprintf(&b, ", %s", v.Source)
		if v.Exploited {
			b.WriteString(", exploited")
		}
		if !v.Listed.IsZero() {
			b.WriteString(" since " + v.Listed.Format(time.DateOnly))
		}
		if v.EPSS > 0 {
			fmt.Fprintf(&b, ", epss %.5f", v.EPSS)
		}
		fmt.Fprintf(&b, ": %s %s\n", v.Summary, v.Aliases)
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(&b, "gap %s %q:", g.Reason, g.Ecosystem)
		for _, p := range g.Packages {
			fmt.Fprintf(&b, " %s", p.Name)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "covered %d, owned %d, withdrawn %d\n", r.Covered, r.Owned, r.Withdrawn)
	return b.String()
}

func TestMatch(t *testing.T) {
	a, d, packages := scenario(t)
	got := printed(match(t, d, packages...))
	if *update {
		a.Files[1].Data = []byte(got)
		if err := os.WriteFile("testdata/match.txtar", txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(got, string(a.Files[1].Data)); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// TestMatchOrder shuffles what is looked up.
func TestMatchOrder(t *testing.T) {
	_, d, packages := scenario(t)
	want := match(t, d, packages...)
	slices.Reverse(packages)
	got := match(t, d, packages...)
	if diff := cmp.Diff(got.Vulnerabilities, want.Vulnerabilities); diff != "" {
		t.Errorf("in reverse: got -, want +:\n%s", diff)
	}
}

// TestMatchCost bounds what looking up a package costs that no advisory names:
// most packages are such.
func TestMatchCost(t *testing.T) {
	_, d, _ := scenario(t)
	packages := make([]*model.Package, 900)
	for i := range packages {
		packages[i] = pkg(fmt.Sprintf("Debian:12 unknown-%d 1.2-3", i))
	}
	got := testing.AllocsPerRun(10, func() { match(t, d, packages...) }) / float64(len(packages))
	if got > 15 {
		t.Errorf("got %.1f allocations for a package, want 15 at most", got)
	}
}
