package imagetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/cli"
	"bulkhead/internal/vuln"
)

// A finding is one of a report.
type finding struct {
	Rule, Severity, Message string
	Place                   struct{ Path string }
}

// check runs "bulkhead check" on an archive and returns the findings and all that
// was printed. Nothing kept from an earlier run is used.
func check(t *testing.T, archive string) ([]finding, string) {
	t.Helper()
	db := filepath.Join(t.TempDir(), "advisories.db")
	day := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	if _, err := vuln.Build(t.Context(), advisories(t), db, vuln.Options{Now: day}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var out, diagnostics bytes.Buffer
	args := []string{"check", "--no-engine", "--db", db, archive}
	status := cli.Main(t.Context(), append(args, "-v"), nil, &out, &diagnostics)
	printed := out.String()
	out.Reset()
	if again := cli.Main(t.Context(), append(args, "-o", "json"), nil, &out, &diagnostics); again != status || status > 1 {
		t.Fatalf("got exit status %d and then %d, want 0 or 1 twice\n%s", status, again, diagnostics.String())
	}
	var report struct{ Findings []finding }
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	return report.Findings, printed + out.String() + diagnostics.String()
}

// count prints how many findings of which severity each rule has.
func count(t *testing.T, all []finding) {
	t.Helper()
	n := map[string]int{}
	for _, f := range all {
		n[f.Rule+" "+f.Severity]++
	}
	for _, k := range slices.Sorted(maps.Keys(n)) {
		t.Logf("%4d %s", n[k], k)
	}
}

// secrets returns the findings about secrets at high or above.
func secrets(all []finding) []finding {
	return slices.DeleteFunc(slices.Clone(all), func(f finding) bool {
		return !strings.HasPrefix(f.Rule, "secret-") || f.Severity != "high" && f.Severity != "critical"
	})
}

// TestPlants finds what is planted in the small image, all in layers beneath the
// first CMD as those of a base image are, and nothing else: not in apt's package
// lists, which are full of what looks like keys.
func TestPlants(t *testing.T) {
	i, plants := Small(t)
	all, printed := check(t, i.Archive)
	count(t, all)
	const step = "a later layer deletes it, which takes nothing out of the image; written by layer 2 (COPY credentials deploy.pem / # buildkit)"
	want := []string{
		"root/.aws/credentials:2: critical: root/.aws/credentials holds an AWS access key ID (AKIA…); " + step,
		"srv/web/deploy.pem:1: critical: srv/web/deploy.pem holds a private key (…); " + step,
		fmt.Sprintf("Config.Env[DB_PASSWORD]: critical: variable DB_PASSWORD holds a password (%s…)", plants.Password[:4]),
	}
	got := map[string]bool{}
	for _, f := range secrets(all) {
		where := strings.TrimPrefix(f.Place.Path, "image "+i.Tag+": ")
		got[where+": "+f.Severity+": "+f.Message] = true
	}
	for _, w := range want {
		found := false
		for g := range got {
			if strings.HasPrefix(g, w) {
				found = true
				delete(got, g)
			}
		}
		if !found {
			t.Errorf("want %q, got %q", w, slices.Sorted(maps.Keys(got)))
		}
	}
	for g := range got {
		if !strings.Contains(g, "DB_PASSWORD") { // the history has the variable too
			t.Errorf("got %q, want nothing more", g)
		}
	}
	body := strings.Split(plants.PrivateKey, "\n")[1]
	for _, secret := range []string{plants.AccessKey, body, plants.Password} {
		if strings.Contains(printed, secret) || strings.Contains(printed, secret[:12]) {
			t.Error("a report holds a secret, want at most four characters of it")
		}
	}
}

// TestCleanImage finds no secret at high or above in what packages of Debian,
// Node, Python, Go, Ruby and PHP hold.
func TestCleanImage(t *testing.T) {
	all, _ := check(t, Large(t).Archive)
	count(t, all)
	for _, f := range secrets(all) {
		t.Errorf("got %s: %s: %s, want no secret", f.Place.Path, f.Severity, f.Message)
	}
}
