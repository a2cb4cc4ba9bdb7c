package imagetest

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// A record is an OSV record as these oracles read it, apart from the code they judge.
type record struct {
	ID, Withdrawn     string
	Aliases, Upstream []string
	Affected          []struct {
		Package struct{ Ecosystem, Name string }
		Ranges  []struct {
			Type   string
			Events []map[string]string
		}
		Specific struct {
			Imports []struct{ GOOS, GOARCH []string }
		} `json:"ecosystem_specific"`
	}
}

// records reads an export.
func records(t *testing.T, ecosystem string) []record {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(advisories(t), ecosystem, "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // it was only read
	var list []record
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var p record
		if err := json.NewDecoder(r).Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// TestDebianOracle compares what is found in the large image with what every
// record for its release says of each of its source packages by dpkg's own
// comparison.
func TestDebianOracle(t *testing.T) {
	i := Large(t)
	dpkg, err := exec.LookPath("dpkg")
	if err != nil {
		t.Skip("no dpkg to ask")
	}
	sources := map[string]string{} // source package and version
	for _, line := range installed(i.Said(t, "dpkg")) {
		f := strings.Fields(line) // name, version, architecture, source, its version
		sources[f[3]+" "+f[4]] = f[0]
	}
	asked, want := 0, map[string]bool{}
	for _, r := range records(t, "Debian") {
		for _, a := range r.Affected {
			if r.Withdrawn != "" || a.Package.Ecosystem != "Debian:12" {
				continue
			}
			for s := range sources {
				name, version, _ := strings.Cut(s, " ")
				if name != a.Package.Name {
					continue
				}
				asked++
				if dpkgAffected(t, dpkg, version, a.Ranges[0].Events) {
					for _, id := range slices.Concat(r.Upstream, r.Aliases) {
						want[s+" "+id] = true
					}
				}
			}
		}
	}
	got := map[string]bool{}
	_, known := found(t, i)
	for _, v := range known {
		if !strings.HasPrefix(v.Package.Ecosystem, "Debian") {
			continue
		}
		name, version := v.Package.Source, v.Package.SourceVersion
		if name == "" {
			name = v.Package.Name
		}
		if version == "" {
			version = v.Package.Version
		}
		for _, id := range append([]string{v.ID}, v.Aliases...) {
			if strings.HasPrefix(id, "CVE-") {
				got[name+" "+version+" "+id] = true
			}
		}
	}
	t.Logf("%d source packages, %d records about them, %d vulnerabilities", len(sources), asked, len(got))
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if len(want) < 50 {
		t.Errorf("dpkg names %d vulnerabilities, want 50 at least: there is nothing to compare", len(want))
	}
}

// dpkgAffected evaluates events with dpkg's own comparison.
func dpkgAffected(t *testing.T, dpkg, version string, events []map[string]string) bool {
	t.Helper()
	affected := false
	for _, e := range events {
		for kind, at := range e {
			if at != "0" {
				err := exec.Command(dpkg, "--compare-versions", version, "ge", at).Run()
				var exit *exec.ExitError
				if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
					t.Fatalf("dpkg --compare-versions %s ge %s: %v", version, at, err)
				}
				if err != nil {
					continue
				}
			}
			affected = kind == "introduced"
		}
	}
	return affected
}

// programs copies files of an image into a folder, under their names with _ for
// each slash, and returns which.
func programs(t *testing.T, i *Image, dir string, wanted []string) map[string]string {
	t.Helper()
	tree, err := oci.Open(i.Archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tree.Close() }() // it was only read
	w, err := oci.Visit(t.Context(), tree, oci.Visitor[string]{
		Want: func(e *oci.Entry) oci.Want {
			if slices.Contains(wanted, e.Name) {
				return oci.Visible
			}
			return oci.Skip
		},
		Read: func(e *oci.Entry, c *oci.Content) string {
			name := filepath.Join(dir, strings.ReplaceAll(e.Name, "/", "_"))
			f, err := os.Create(name)
			if err != nil {
				return ""
			}
			_, err = io.Copy(f, c)
			if errors.Join(err, f.Close()) != nil {
				return ""
			}
			return name
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range w.Found {
		if f.Value != "" {
			out[f.Entry.Name] = f.Value
		}
	}
	return out
}

// vulnDB makes a folder of Go's records, as govulncheck reads it.
func vulnDB(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	z, err := zip.OpenReader(filepath.Join(advisories(t), "Go", "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = z.Close() }() // it was only read
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	return dir
}

// govulncheck returns what govulncheck finds in a program: module, version, and
// the record's name.
func govulncheck(t *testing.T, program, db string) map[string]bool {
	t.Helper()
	check := tool(t, "govulncheck", "golang.org/x/vuln/cmd/govulncheck@v1.8.0")
	out, err := exec.CommandContext(t.Context(), check, "-mode=binary", "-scan=module", "-format=json", "-db=file://"+db, program).Output()
	if err != nil {
		t.Fatalf("govulncheck: %v", err)
	}
	found := map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var message struct {
			Finding *struct {
				OSV   string
				Trace []struct{ Module, Version string }
			}
		}
		if err := d.Decode(&message); err != nil {
			t.Fatal(err)
		}
		if f := message.Finding; f != nil {
			found[f.Trace[0].Module+" "+strings.TrimPrefix(f.Trace[0].Version, "v")+" "+f.OSV] = true
		}
	}
	return found
}

// TestGovulncheck compares what is found in Go programs with what govulncheck
// finds in each of them with the same data. It knows which processor a program is
// for and leaves out records about others, which a database for all cannot.
func TestGovulncheck(t *testing.T) {
	i := Large(t)
	db, dir, ours := vulnDB(t), t.TempDir(), database(t)
	inv := inventoryOf(t, i)
	wanted := []string{"usr/local/bin/service", "usr/local/bin/nats-server", "usr/lib/go-1.19/bin/gofmt"}
	copies := programs(t, i, dir, wanted)
	total, other := 0, platforms(t)
	for _, name := range wanted {
		t.Run(name, func(t *testing.T) {
			var inside []*model.Package
			for _, p := range inv.Packages {
				if p.Ecosystem == "Go" && slices.Contains(p.Locations, name) {
					alone := *p
					alone.Owner = "" // as if no package of Debian had brought it
					inside = append(inside, &alone)
				}
			}
			known, err := ours.Match(inside)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{}
			for _, v := range known.Vulnerabilities {
				for _, id := range append([]string{v.ID}, v.Aliases...) {
					if strings.HasPrefix(id, "GO-") {
						got[v.Package.Name+" "+strings.TrimPrefix(v.Package.Version, "v")+" "+id] = true
					}
				}
			}
			want := govulncheck(t, copies[name], db)
			t.Logf("%d modules, %d findings", len(inside), len(got))
			for finding := range got {
				f := strings.Fields(finding)
				if !want[finding] && other[f[0]+" "+f[2]].processor {
					t.Logf("%s: about other processors", finding)
					delete(got, finding)
				}
			}
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("got -, govulncheck +:\n%s", diff)
			}
			total += len(want)
		})
	}
	if total < 100 {
		t.Errorf("govulncheck finds %d in all, want 100 at least: there is nothing to compare", total)
	}
}
