package imagetest

import (
	"archive/zip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/vuln"
)

// advisories returns the folder of real advisories.
func advisories(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../../shared/data/advisories")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no advisories: %v", err)
	}
	return dir
}

// database returns our database of all real advisories.
func database(t *testing.T) *vuln.DB {
	t.Helper()
	name := filepath.Join(t.TempDir(), "advisories.db")
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	if _, err := vuln.Build(t.Context(), advisories(t), name, vuln.Options{Now: day}); err != nil {
		t.Fatal(err)
	}
	db, err := vuln.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // it was only read
	return db
}

// found returns the packages of an image and what is known against them.
func found(t *testing.T, i *Image) (*model.Inventory, []*model.Vulnerability) {
	t.Helper()
	inv := inventoryOf(t, i)
	known, err := database(t).Match(inv.Packages)
	if err != nil {
		t.Fatal(err)
	}
	return inv, known.Vulnerabilities
}

// tool returns a program of another module, which it builds once.
func tool(t *testing.T, name, at string) string {
	t.Helper()
	dir := Cache(t, filepath.Join("tools", strings.NewReplacer("/", "_", "@", "_").Replace(at)+"-"+runtime.Version()))
	program := filepath.Join(dir, name)
	if _, err := os.Stat(program); err == nil {
		return program
	}
	start := time.Now()
	t.Logf("building %s, once", at)
	cmd := exec.CommandContext(t.Context(), "go", "install", at)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no %s to compare with: %v\n%s", name, err, out)
	}
	t.Logf("built in %.0f s", time.Since(start).Seconds())
	return program
}

// A claim is that an advisory applies to a package.
type claim struct{ ecosystem, name, version, advisory string }

// osvScanner returns what osv-scanner finds in an image with the same data.
func osvScanner(t *testing.T, i *Image) []claim {
	t.Helper()
	program := tool(t, "osv-scanner", "github.com/google/osv-scanner/v2/cmd/osv-scanner@v2.5.0")
	dir := t.TempDir()
	out := filepath.Join(dir, "found.json")
	cmd := exec.CommandContext(t.Context(), program, "scan", "image", "--offline", "--local-db-path", dir,
		"--archive", "--all-vulns", "--format", "json", "--output-file", out, i.Archive)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	exports(t, filepath.Join(dir, "osv-scalibr"))
	said, err := cmd.CombinedOutput() // its exit status says whether it found something
	if strings.Contains(string(said), "could not load db") {
		t.Fatalf("osv-scanner lacks data: %v\n%s", err, said)
	}
	text, readerr := os.ReadFile(out)
	if readerr != nil {
		t.Fatalf("osv-scanner: %v, %v\n%s", err, readerr, said)
	}
	var answer struct {
		Results []struct {
			Packages []struct {
				Package         struct{ Ecosystem, Name, Version string }
				Vulnerabilities []struct{ ID string }
			}
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatal(err)
	}
	var claims []claim
	for _, r := range answer.Results {
		for _, p := range r.Packages {
			for _, v := range p.Vulnerabilities {
				claims = append(claims, claim{p.Package.Ecosystem, p.Package.Name, p.Package.Version, v.ID})
			}
		}
	}
	return claims
}

// exports makes the folder osv-scanner keeps its data in. For an ecosystem there
// is no data of it wants an empty export, or else it looks nothing up at all.
func exports(t *testing.T, dir string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ecosystems, err := os.ReadDir(advisories(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range ecosystems {
		if err := os.Symlink(filepath.Join(advisories(t), e.Name()), filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range []string{"Maven", "GIT"} {
		if err := os.Mkdir(filepath.Join(dir, e), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(dir, e, "all.zip"))
		if err != nil {
			t.Fatal(err)
		}
		if err := zip.NewWriter(f).Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// claimOf returns a claim in osv-scanner's words: it names the source package of a
// distribution's, and leaves the v of Go's versions out.
func claimOf(p *model.Package, advisory string) claim {
	c := claim{p.Ecosystem, p.Name, p.Version, advisory}
	if strings.HasPrefix(p.PURL, "pkg:deb/") && p.Source != "" {
		c.name = p.Source
	}
	if p.Ecosystem == "Go" {
		c.version = strings.TrimPrefix(p.Version, "v")
	}
	return c
}

// claimsOf returns every name of what was found.
func claimsOf(known []*model.Vulnerability) map[claim]bool {
	out := map[claim]bool{}
	for _, v := range known {
		for _, id := range append([]string{v.ID}, v.Aliases...) {
			out[claimOf(v.Package, id)] = true
		}
	}
	return out
}

// An explanation is why osv-scanner alone has a finding.
type explanation struct {
	why   string
	holds func(c claim, inv *model.Inventory) bool
}

// explanations is a reviewed list: whatever it does not hold fails the test.
func explanations(t *testing.T) []explanation {
	t.Helper()
	elsewhere := platforms(t)
	return []explanation{
		{
			"the package is part of one of Debian's, who cures it without a new version of it: Debian's advisories count",
			ownedByDebian,
		},
		{
			"Go's record is about other systems than Linux, which osv-scanner does not look at and govulncheck does",
			func(c claim, _ *model.Inventory) bool {
				return c.ecosystem == "Go" && elsewhere[c.name+" "+c.advisory].system
			},
		},
	}
}

// A platform says what else than Linux on amd64 a record of Go's is about alone.
type platform struct{ system, processor bool }

// platforms returns where Go's records do not apply, by module and record.
func platforms(t *testing.T) map[string]platform {
	t.Helper()
	out := map[string]platform{}
	for _, r := range records(t, "Go") {
		for _, a := range r.Affected {
			p := platform{system: len(a.Specific.Imports) > 0, processor: len(a.Specific.Imports) > 0}
			for _, i := range a.Specific.Imports {
				p.system = p.system && len(i.GOOS) > 0 && !slices.Contains(i.GOOS, "linux")
				p.processor = p.processor && len(i.GOARCH) > 0 && !slices.Contains(i.GOARCH, "amd64")
			}
			key := a.Package.Name + " " + r.ID
			if was, ok := out[key]; ok { // the record says several things of the module
				p = platform{was.system && p.system, was.processor && p.processor}
			}
			out[key] = p
		}
	}
	return out
}

// ownedByDebian reports whether every package c is about belongs to a package
// of the distribution.
func ownedByDebian(c claim, inv *model.Inventory) bool {
	owned := false
	for _, p := range inv.Packages {
		if claimOf(p, c.advisory) != c {
			continue
		}
		if p.Owner == "" {
			return false
		}
		owned = true
	}
	return owned
}

// TestOSVScanner compares what is found with what osv-scanner finds in the same
// image with the same data. Every difference is explained.
func TestOSVScanner(t *testing.T) {
	small, _ := Small(t)
	reasons := explanations(t)
	for _, i := range []*Image{small, Large(t)} {
		t.Run(i.Tag, func(t *testing.T) {
			inv, known := found(t, i)
			ours, theirs := claimsOf(known), map[claim]bool{}
			explained := map[string]int{}
			both := 0
			for _, c := range osvScanner(t, i) {
				if theirs[c] {
					continue
				}
				theirs[c] = true
				if ours[c] {
					both++
				} else if n := slices.IndexFunc(reasons, func(e explanation) bool { return e.holds(c, inv) }); n >= 0 {
					explained[reasons[n].why]++
				} else {
					t.Errorf("osv-scanner alone finds %+v", c)
				}
			}
			for _, v := range known {
				if !slices.ContainsFunc(append([]string{v.ID}, v.Aliases...), func(id string) bool { return theirs[claimOf(v.Package, id)] }) {
					t.Errorf("we alone find %s %s %s %s %v", v.Package.Ecosystem, v.Package.Name, v.Package.Version, v.ID, v.Aliases)
				}
			}
			t.Logf("%d vulnerabilities here, all of them there; %d claims there, %d of them here", len(known), len(theirs), both)
			for why, n := range explained {
				t.Logf("%d claims there alone: %s", n, why)
			}
			if both < 100 {
				t.Errorf("got %d findings that agree, want 100 at least", both)
			}
		})
	}
}
