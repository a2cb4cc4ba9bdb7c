package vuln

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestBuildTwice builds the real advisories twice.
func TestBuildTwice(t *testing.T) {
	dir := advisories(t)
	var files [2][]byte
	for i := range files {
		out := filepath.Join(t.TempDir(), "advisories.db")
		start := time.Now()
		stats, err := Build(t.Context(), dir, out, Options{Now: day})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d advisories, %d bytes in %v", stats.Advisories(), stats.Size, time.Since(start))
		if stats.Skipped > 0 {
			t.Errorf("%d records were skipped: %q", stats.Skipped, stats.Faults)
		}
		if stats.Size > 15e6 {
			t.Errorf("the file has %d bytes, want 15 MB at most", stats.Size)
		}
		if files[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two builds of the same data differ")
	}
	d, err := newDB(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

const one = `{"id": "A-1", "modified": "2024-05-01T00:00:00Z", "affected": [
 {"package": {"ecosystem": "npm", "name": "a"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]},
 {"package": {"ecosystem": "Go", "name": "a"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}
`

// found looks "ecosystem name version" up and returns the ids.
func found(t *testing.T, d *DB, s string) []string {
	t.Helper()
	return ids(match(t, d, pkg(s)))
}

func TestExportIsOfItsEcosystem(t *testing.T) {
	d := database(t, folder(t, "-- npm/x.json --\n"+one))
	if got := found(t, d, "npm a 1"); !slices.Equal(got, []string{"A-1"}) {
		t.Errorf("npm: got %q, want A-1", got)
	}
	r := match(t, d, pkg("Go a 1"))
	if len(r.Gaps) != 1 || r.Gaps[0].Reason != NoData {
		t.Errorf("one stray advisory covers Go: got %s, want a gap", printed(r))
	}
	d = database(t, folder(t, "-- misc/x.json --\n"+one))
	if got := found(t, d, "Go a 1"); !slices.Equal(got, []string{"A-1"}) {
		t.Errorf("single record: got %q, want A-1", got)
	}
}

func TestNewestRecordStays(t *testing.T) {
	newer := strings.NewReplacer("2024-05-01", "2025-05-01", `{"introduced": "0"}`, `{"introduced": "5"}`).Replace(one)
	for _, archive := range []string{
		"-- npm/1.json --\n" + one + "-- npm/2.json --\n" + newer,
		"-- npm/1.json --\n" + newer + "-- npm/2.json --\n" + one,
	} {
		d := database(t, folder(t, archive))
		if got := found(t, d, "npm a 1"); len(got) > 0 {
			t.Errorf("got %q by the older record, want nothing", got)
		}
		if got := found(t, d, "npm a 6"); !slices.Equal(got, []string{"A-1"}) {
			t.Errorf("got %q, want A-1 by the newer record", got)
		}
	}
}

func TestBrokenRecords(t *testing.T) {
	dir := folder(t, "-- npm/1.json --\n"+one+"-- npm/2.json --\n{\n-- npm/3.json --\n[]\n-- npm/4.json --\n{}\n-- npm/5.json --\n"+
		`{"id": "A-2", "affected": [{"package": {"ecosystem": "npm", "name": "b"}, "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]}`)
	out := filepath.Join(t.TempDir(), "a.db")
	stats, err := Build(t.Context(), dir, out, Options{Now: day})
	if err != nil {
		t.Fatal(err)
	}
	if stats.Skipped != 3 || len(stats.Faults) != 3 || !strings.Contains(stats.Faults[0], "2.json") {
		t.Errorf("got %d skipped, %q, want 3", stats.Skipped, stats.Faults)
	}
	if got := found(t, open(t, out), "npm a 1"); !slices.Equal(got, []string{"A-1"}) {
		t.Errorf("got %q, want A-1", got)
	}
}

// TestNothingHalfWritten fails builds and looks at what is left.
func TestNothingHalfWritten(t *testing.T) {
	good := folder(t, "-- npm/1.json --\n"+one)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		dir  string
		o    Options
	}{
		{"no folder", t.Context(), filepath.Join(good, "missing"), Options{}},
		{"no advisories", t.Context(), t.TempDir(), Options{}},
		{"broken records only", t.Context(), folder(t, "-- npm/1.json --\n{\n"), Options{}},
		{"a broken zip", t.Context(), folder(t, "-- npm/1.json --\n"+one+"-- npm/all.zip --\nPK\n"), Options{}},
		{"a broken list", t.Context(), good, Options{KEV: filepath.Join(good, "npm/1.json")}},
		{"no scores", t.Context(), good, Options{EPSS: filepath.Join(good, "npm/1.json")}},
		{"interrupted", canceled, good, Options{}},
	} {
		dir := t.TempDir()
		out := filepath.Join(dir, "a.db")
		if err := os.WriteFile(out, []byte("older"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Build(c.ctx, c.dir, out, c.o); err == nil {
			t.Errorf("%s: got no error, want one", c.name)
		} else if c.name == "interrupted" && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", c.name, err, context.Canceled)
		}
		if b, err := os.ReadFile(out); string(b) != "older" {
			t.Errorf("%s: got %q, %v, want what was there", c.name, b, err)
		}
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("%s: got %v in the folder, want a.db only", c.name, left)
		}
	}
}

func TestInfo(t *testing.T) {
	a, d, _ := scenario(t)
	info := d.Info()
	got := struct {
		Built, Newest, Age, KEV, EPSS string
		Exploited, Scored, Advisories int
	}{
		info.Built.Format(time.DateOnly), info.Newest().Format(time.DateOnly), info.Age(day).String(),
		info.KEVDate, info.EPSSDate, info.Exploited, info.EPSS, info.Advisories(),
	}
	want := got
	want.Built, want.Newest, want.Age = "2026-11-21", "2024-05-01", "22428h0m0s"
	want.KEV, want.EPSS, want.Exploited, want.Scored = "2026-11-20", "2026-11-20", 1, 2
	want.Advisories = strings.Count(string(bytes.Join(filesOf(a), nil)), `"modified"`)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

// TestOtherSystems leaves out what Go's records say of other systems only.
func TestOtherSystems(t *testing.T) {
	for imports, want := range map[string]bool{
		`[{"path":"os","goos":["windows"]}]`:                                 false,
		`[{"path":"os","goos":["windows"]},{"path":"os","goos":["darwin"]}]`: false,
		`[{"path":"os","goos":["windows","linux"]}]`:                         true,
		`[{"path":"os","goos":["windows"]},{"path":"net"}]`:                  true,
		`[]`:                           true,
		`"odd"`:                        true,
		`[{"path":"os","goos":"odd"}]`: true,
	} {
		r, err := decode([]byte(`{"id":"GO-1","affected":[{"package":{"ecosystem":"Go","name":"a"},"ecosystem_specific":{"imports":` + imports +
			`},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}`))
		if err != nil {
			t.Fatal(err)
		}
		c := compile(r, func(string) bool { return true })
		if got := len(c.entries) == 1; got != want {
			t.Errorf("imports %s: kept %v, want %v", imports, got, want)
		}
	}
}
