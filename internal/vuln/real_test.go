package vuln

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
)

// real is the database of all real advisories, built once for all tests.
var real = sync.OnceValues(func() (*DB, error) {
	dir, err := os.MkdirTemp("", "bulkhead-vuln")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	out := filepath.Join(dir, "advisories.db")
	kev := filepath.Join(shared, "images/known_exploited_vulnerabilities.json")
	if _, err := os.Stat(kev); errors.Is(err, fs.ErrNotExist) {
		kev = ""
	}
	if _, err := Build(context.Background(), filepath.Join(shared, "advisories"), out, Options{Now: day, KEV: kev}); err != nil {
		return nil, err
	}
	return Open(out) // the file stays while it is mapped
})

func realDB(tb testing.TB) *DB {
	tb.Helper()
	advisories(tb)
	d, err := real()
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// A plain is an OSV record as the oracles of these tests read it, apart from
// the code they judge.
type plain struct {
	ID, Withdrawn string
	Aliases       []string
	Upstream      []string
	Affected      []struct {
		Package struct{ Ecosystem, Name string }
		Ranges  []struct {
			Type   string
			Events []map[string]string
		}
		Specific struct {
			Imports []struct{ GOOS []string }
		} `json:"ecosystem_specific"`
	}
}

// otherSystems reports whether a record of Go's is about other systems than
// Linux alone.
func (p *plain) otherSystems() bool {
	text, err := json.Marshal(p.Affected)
	return err == nil && bytes.Contains(text, []byte(`"GOOS":["`)) &&
		!bytes.Contains(text, []byte(`"linux"`)) && !bytes.Contains(text, []byte(`"GOOS":null`))
}

// records reads an export.
func records(tb testing.TB, ecosystem string) []plain {
	tb.Helper()
	z, err := zip.OpenReader(filepath.Join(advisories(tb), ecosystem, "all.zip"))
	if err != nil {
		tb.Skip(err)
	}
	defer func() { _ = z.Close() }()
	var list []plain
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			tb.Fatal(err)
		}
		var p plain
		if err := json.NewDecoder(r).Decode(&p); err != nil {
			tb.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// ids returns every name of what was found.
func ids(r *Result) []string {
	var list []string
	for _, v := range r.Vulnerabilities {
		list = append(append(list, v.ID), v.Aliases...)
	}
	return list
}

// TestPlanted plants packages in the versions that advisories name. What an
// advisory affects is found. What it does not, by its only range, is not
// found under its name.
func TestPlanted(t *testing.T) {
	for _, ecosystem := range []string{"npm", "PyPI", "RubyGems", "crates.io", "Packagist", "Go", "Debian", "Alpine", "Bitnami"} {
		t.Run(ecosystem, func(t *testing.T) {
			d := realDB(t)
			planted := 0
			all := records(t, ecosystem)
			step := max(len(all)/1000, 1) // enough of the large exports
			for i, p := range all {
				if i%step > 0 {
					continue
				}
				if p.ID == "PYSEC-2019-125" {
					continue // fixed in a date, which PEP 440 orders before every version
				}
				if p.Withdrawn != "" || len(p.Affected) != 1 || len(p.Affected[0].Ranges) == 0 {
					continue
				}
				a := p.Affected[0]
				r := a.Ranges[len(a.Ranges)-1]
				if len(a.Ranges) != 1 || r.Type == "GIT" || len(r.Events) != 2 || r.Events[1]["fixed"] == "" {
					continue
				}
				planted++
				before, after := r.Events[0]["introduced"], r.Events[1]["fixed"]
				if before == "0" {
					before = lowest(ecosystem)
				}
				if p.otherSystems() {
					bad := &model.Package{Ecosystem: a.Package.Ecosystem, Name: a.Package.Name, Version: before}
					if got := match(t, d, bad); slices.Contains(ids(got), p.ID) {
						t.Errorf("%s %s: %s is found, which is not about Linux", bad.Name, before, p.ID)
					}
					continue
				}
				bad := &model.Package{Ecosystem: a.Package.Ecosystem, Name: a.Package.Name, Version: before}
				good := &model.Package{Ecosystem: a.Package.Ecosystem, Name: a.Package.Name, Version: after}
				if got := match(t, d, bad); !slices.Contains(ids(got), p.ID) {
					t.Errorf("%s %s: %s is not found, got %q, %v", bad.Name, before, p.ID, ids(got), got.Gaps)
				}
				if got := match(t, d, good); slices.Contains(ids(got), p.ID) && !aliased(got, p.ID) {
					t.Errorf("%s %s: %s is found in the fixed version", good.Name, after, p.ID)
				}
			}
			t.Logf("%d records planted", planted)
			if planted < 20 {
				t.Errorf("planted %d records, want 20 at least", planted)
			}
		})
	}
}

// lowest returns a version below all others.
func lowest(ecosystem string) string {
	switch ecosystem {
	case "PyPI":
		return "0.dev0"
	case "Debian":
		return "0~~"
	case "Go":
		return "v0.0.0-0"
	}
	return "0"
}

// aliased reports whether id was found under another advisory's name only.
func aliased(r *Result, id string) bool {
	for _, v := range r.Vulnerabilities {
		if v.ID == id && len(v.Aliases) == 0 {
			return false
		}
	}
	return true
}

// TestDebianOracle compares what is found on this machine with what dpkg
// says of every record for its release.
func TestDebianOracle(t *testing.T) {
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("no dpkg to ask")
	}
	packages := installed(t)
	var want []string
	for _, p := range records(t, "Debian") {
		for _, a := range p.Affected {
			if a.Package.Ecosystem != "Debian:12" {
				continue
			}
			for _, i := range packages {
				if i.Source == a.Package.Name && dpkgAffected(t, dpkg, i.SourceVersion, a.Ranges[0].Events) {
					for _, u := range append(slices.Clone(p.Upstream), p.Aliases...) {
						want = append(want, i.PURL+" "+u)
					}
				}
			}
		}
	}
	var got []string
	r := match(t, realDB(t), packages...)
	for _, v := range r.Vulnerabilities {
		for _, id := range append([]string{v.ID}, v.Aliases...) {
			if strings.HasPrefix(id, "CVE-") {
				got = append(got, v.Package.PURL+" "+id)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	t.Logf("%d packages, %d vulnerabilities", len(packages), len(got))
	if diff := cmp.Diff(got, slices.Compact(want)); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// installed returns the packages of this machine as of Debian 12, each with
// its source package; one in two in the version of years ago, so that there
// is something to find.
func installed(t *testing.T) []*model.Package {
	t.Helper()
	out, err := exec.Command("dpkg-query", "-W", "-f", "${Package} ${Version} ${source:Package} ${source:Version}\n").Output()
	if err != nil {
		t.Skip("no package database to ask")
	}
	var list []*model.Package
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) != 4 {
			t.Fatalf("dpkg-query says %q", line)
		}
		p := model.Package{Name: f[0], Version: f[1], Source: f[2], SourceVersion: f[3], Ecosystem: "Debian:12"}
		p.PURL = "now " + p.Name
		older := p
		epoch, upstream, found := strings.Cut(p.SourceVersion, ":")
		if !found {
			epoch, upstream = "", epoch
		}
		older.PURL, older.SourceVersion = "older "+p.Name, strings.TrimPrefix(epoch+":", ":")+"0."+upstream
		list = append(list, &p, &older)
	}
	return list
}

// dpkgAffected evaluates events with dpkg's own comparison.
func dpkgAffected(t *testing.T, dpkg, version string, events []map[string]string) bool {
	affected := false
	for _, e := range events {
		for kind, at := range e {
			if at != "0" && !dpkgHolds(t, dpkg, version, "ge", at) {
				continue
			}
			affected = kind == "introduced"
		}
	}
	return affected
}

// dpkgHolds asks dpkg whether a relation of two versions holds.
func dpkgHolds(t *testing.T, dpkg, a, relation, b string) bool {
	t.Helper()
	err := exec.Command(dpkg, "--compare-versions", a, relation, b).Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("dpkg --compare-versions %s %s %s: %v", a, relation, b, err)
	}
	return err == nil
}
