package learn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/source"
)

// verified is what was learned of a service.
func verified() *Learned {
	return &Learned{
		Verified: true, Measures: Measures{true, true, true, true, false}, Capabilities: []string{"CHOWN", "SETUID"},
		Writable: []Place{{Path: "/run", Mode: 0o755, GID: 33}, {Path: "/var/lib/web", Keep: true}},
	}
}

// TestPatch writes what was learned into each kind of file, with its comments and
// the services beside it as they were, and writes nothing the second time.
func TestPatch(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/patch.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range archive.Files {
		files[f.Name] = string(f.Data)
	}
	for name, before := range files {
		base, ok := strings.CutPrefix(name, "before/")
		if !ok {
			continue
		}
		t.Run(base, func(t *testing.T) {
			p, err := verified().Patch(source.NewFile(base, []byte(before)), "web", "./web.seccomp.json")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(p.After.Text), files["after/"+base]); diff != "" || len(p.Missing) > 0 {
				t.Errorf("missing %v; got - want +:\n%s", p.Missing, diff)
			}
			again, err := verified().Patch(p.After, "web", "./web.seccomp.json")
			if err != nil {
				t.Fatal(err)
			}
			if got := string(again.After.Text); got != string(p.After.Text) {
				t.Errorf("the second time: got\n%s\nwant it as it was", got)
			}
		})
	}
}

// TestPatchUnverified writes nothing that no copy has passed under.
func TestPatchUnverified(t *testing.T) {
	r := verified()
	r.Verified, r.Failure = false, "it ended with 1"
	file := source.NewFile("compose.yaml", []byte("services:\n  web:\n    image: web\n"))
	if _, err := r.Patch(file, "web", ""); err == nil || !strings.Contains(err.Error(), r.Failure) {
		t.Errorf("got %v, want the failure", err)
	}
}
