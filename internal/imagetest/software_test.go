package imagetest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// inventoryOf returns the software in an image.
func inventoryOf(t *testing.T, i *Image) *model.Inventory {
	t.Helper()
	tree, err := oci.Open(i.Archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tree.Close() }() // it was only read
	inv, err := inventory.Scan(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// enough is the least precision and recall, in percent.
const enough = 99

// agree compares two sets, and prints precision and recall.
func agree(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	got, want = slices.Compact(got), slices.Compact(want)
	if len(want) == 0 {
		t.Fatalf("%s: nothing to compare with", what)
	}
	both := 0
	for _, x := range got {
		if _, ok := slices.BinarySearch(want, x); ok {
			both++
		} else {
			t.Logf("%s: got %q, which is not there", what, x)
		}
	}
	for _, x := range want {
		if _, ok := slices.BinarySearch(got, x); !ok {
			t.Logf("%s: want %q, which was not found", what, x)
		}
	}
	precision, recall := 100*float64(both)/float64(len(got)), 100*float64(both)/float64(len(want))
	t.Logf("%s: precision %d of %d (%.2f %%), recall %d of %d (%.2f %%)", what, both, len(got), precision, both, len(want), recall)
	if precision < enough || recall < enough {
		t.Errorf("%s: got precision %.2f %% and recall %.2f %%, want %d %% of both", what, precision, recall, enough)
	}
}

// named returns what is to be compared of the packages that keep wants: name, a
// tab and version.
func named(inv *model.Inventory, keep func(*model.Package) bool) []string {
	var out []string
	for _, p := range inv.Packages {
		if keep(p) {
			out = append(out, p.Name+"\t"+p.Version)
		}
	}
	return out
}

// TestSoftware compares the packages of both images with what dpkg, npm and go
// said of the same files.
func TestSoftware(t *testing.T) {
	small, _ := Small(t)
	for _, i := range []*Image{small, Large(t)} {
		t.Run(i.Tag, func(t *testing.T) {
			inv := inventoryOf(t, i)
			if len(inv.Notes) > 0 {
				t.Errorf("got notes %v, want none", inv.Notes)
			}
			agree(t, "dpkg", debs(inv), installed(i.Said(t, "dpkg")))
			ours := func(p *model.Package) bool {
				return p.Ecosystem == "npm" && strings.HasPrefix(p.Locations[0], "srv/web/")
			}
			agree(t, "npm", named(inv, ours), modules(t, i.Said(t, "npm")))
			goes := func(p *model.Package) bool { return p.Ecosystem == "Go" }
			agree(t, "go", named(inv, goes), goModules(i.Said(t, "go")))
		})
	}
}

// debs returns the packages of Debian: name, version, architecture, source
// package and its version.
func debs(inv *model.Inventory) []string {
	var out []string
	for _, p := range inv.Packages {
		if !strings.HasPrefix(p.PURL, "pkg:deb/") {
			continue
		}
		source, version := p.Source, p.SourceVersion
		if source == "" {
			source = p.Name
		}
		if version == "" {
			version = p.Version
		}
		_, qualifiers, _ := strings.Cut(p.PURL, "arch=")
		arch, _, _ := strings.Cut(qualifiers, "&")
		out = append(out, strings.Join([]string{p.Name, p.Version, arch, source, version}, " "))
	}
	return out
}

// installed returns the packages dpkg lists as being there.
func installed(said string) []string {
	var out []string
	for line := range strings.Lines(said) {
		state, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if state != "config-files" && state != "not-installed" {
			out = append(out, rest)
		}
	}
	return out
}

// modules returns the packages npm lists beneath the application, which is none
// that anybody published.
func modules(t *testing.T, said string) []string {
	t.Helper()
	type node struct {
		Name, Version string
		Dependencies  map[string]node
	}
	var top node
	if err := json.Unmarshal([]byte(said), &top); err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(n node)
	walk = func(n node) {
		if n.Version != "" {
			out = append(out, n.Name+"\t"+n.Version)
		}
		for _, d := range n.Dependencies {
			walk(d)
		}
	}
	for _, d := range top.Dependencies {
		walk(d)
	}
	return out
}

// goModules returns the modules go lists.
func goModules(said string) []string {
	var out []string
	for line := range strings.Lines(said) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 2 && strings.HasPrefix(fields[1], "go1"):
			out = append(out, "stdlib\t"+strings.TrimPrefix(fields[1], "go"))
		case len(fields) >= 3 && (fields[0] == "dep" || fields[0] == "mod"):
			out = append(out, fields[1]+"\t"+strings.ReplaceAll(fields[2], "(devel)", ""))
		}
	}
	return out
}
