package imagetest

import (
	"bytes"
	"strings"
	"testing"

	"bulkhead/internal/cli"
	"bulkhead/internal/model"
	"bulkhead/internal/sbom"
)

// TestOwned lists what packages of Debian brought for Node, Python, Ruby, Java
// and Go once: in the inventory with its owner, in a bill of materials and in
// what is looked up not at all.
func TestOwned(t *testing.T) {
	i := Large(t)
	inv := inventoryOf(t, i)
	debian, owned := map[string]bool{}, map[string]int{}
	for _, p := range inv.Packages {
		debian[p.Name] = debian[p.Name] || strings.HasPrefix(p.PURL, "pkg:deb/")
	}
	var left []*model.Package
	for _, p := range inv.Packages {
		application := strings.HasPrefix(p.Locations[0], "srv/") || strings.HasPrefix(p.Locations[0], "usr/local/")
		switch {
		case strings.HasPrefix(p.PURL, "pkg:deb/") || application:
			left = append(left, p)
			if p.Owner != "" {
				t.Errorf("%s of %s is said to be %s's, want nobody's", p.PURL, p.Locations[0], p.Owner)
			}
		case p.Owner == "" || !debian[p.Owner]:
			t.Errorf("%s of %s has the owner %q, want a package of Debian", p.PURL, p.Locations[0], p.Owner)
		default:
			owned[p.Ecosystem]++
		}
	}
	t.Logf("owned by packages of Debian: %v", owned)
	for _, ecosystem := range []string{"npm", "PyPI", "RubyGems", "Maven", "Go"} {
		if owned[ecosystem] == 0 {
			t.Errorf("no package of %s is Debian's, want some: there is nothing to tell apart", ecosystem)
		}
	}
	var out, diagnostics bytes.Buffer
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	if status := cli.Main(t.Context(), []string{"sbom", "--no-engine", "-o", "spdx", i.Archive}, nil, &out, &diagnostics); status != 0 {
		t.Fatalf("sbom: exit status %d\n%s", status, diagnostics.String())
	}
	bill, err := sbom.Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	agree(t, "bill of materials", urls(bill.Packages), urls(left))
	known, err := database(t).Match(inv.Packages)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range known.Vulnerabilities {
		if v.Package.Owner != "" {
			t.Errorf("%s is looked up, want %s to be in its place", v.Package.PURL, v.Package.Owner)
		}
	}
}

func urls(packages []*model.Package) []string {
	var out []string
	for _, p := range packages {
		out = append(out, p.PURL)
	}
	return out
}

// TestJars knows the libraries for Java by what is in their archives: there is no
// database of their digests. Debian's versions tell which they are.
func TestJars(t *testing.T) {
	i := Large(t)
	inv := inventoryOf(t, i)
	versions := map[string]string{}
	for _, line := range installed(i.Said(t, "dpkg")) {
		f := strings.Fields(line) // name, version, architecture, source, its version
		upstream, _, _ := strings.Cut(f[1], "-")
		versions[f[0]] = upstream
	}
	for owner, name := range map[string]string{
		"liblog4j2-java":            "org.apache.logging.log4j:log4j-core",
		"libguava-java":             "com.google.guava:guava",
		"libjackson2-databind-java": "com.fasterxml.jackson.core:jackson-databind",
		"libslf4j-java":             "org.slf4j:slf4j-api",
	} {
		got := ""
		for _, p := range inv.Packages {
			if p.Ecosystem == "Maven" && p.Name == name && p.Owner == owner {
				got = strings.TrimSuffix(p.Version, "-jre")
			}
		}
		if want := versions[owner]; got != want || want == "" {
			t.Errorf("%s: got version %q, want %q as of %s", name, got, want, owner)
		}
	}
}
