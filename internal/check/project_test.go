package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/check"
	"bulkhead/internal/rules"
	"bulkhead/internal/vuln"
)

// extract writes the files of a txtar archive to a new folder and makes it the
// working directory.
func extract(t *testing.T, archive string) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

// token returns what looks like a GitLab token to everybody who does not know
// that it was made here.
const token = "glpat" + "-Zq8xKf3nRw7tYbVd2mLh"

// deep returns the findings of a check that looks into all files of the working
// directory.
func deep(t *testing.T, advisories func() (*vuln.DB, error), about ...string) []string {
	t.Helper()
	r, err := check.Run(t.Context(), check.Options{
		Paths: []string{"."}, Deep: true, Rules: rules.All(), Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Advisories: advisories,
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range r.Findings {
		if slices.Contains(about, f.Rule) {
			out = append(out, f.Where()+": "+f.Severity.String()+": "+f.Message)
		}
	}
	slices.Sort(out)
	return out
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestSecretsOfProject: a secret is told of where it is, not where git leaves the
// file out, not where a comment accounts for it, and once where another rule
// knows more.
func TestSecretsOfProject(t *testing.T) {
	extract(t, strings.ReplaceAll(`
-- .git/HEAD --
ref: refs/heads/main
-- .gitignore --
.env
/build/
*.local
!kept.local
-- .env --
TOKEN=@
-- build/out.txt --
@
-- src/build/out.txt --
@
-- a.local --
@
-- kept.local --
@
-- src/.gitignore --
private/*
-- src/private/x --
@
-- app.py --
TOKEN = "@"
-- accounted.py --
# bulkhead:ignore secret-in-file -- opens nothing
TOKEN = "@"
-- tests/app.py --
TOKEN = "@"
-- logo.png --
@
-- node_modules/x/index.js --
@
-- yarn.lock --
@
-- compose.yaml --
services:
  web:
    image: shop/web:1
    environment:
      API_TOKEN: @
`, "@", token))
	same(t, deep(t, nil, "secret-in-file", "secret-in-env", "unused-suppression"), []string{
		"app.py:1:10: high: file holds a GitLab token (glpa…)",
		"compose.yaml:5:18: high: variable API_TOKEN holds a GitLab token (glpa…)",
		"kept.local:1:1: high: file holds a GitLab token (glpa…)",
		"src/build/out.txt:1:1: high: file holds a GitLab token (glpa…)",
		"tests/app.py:1:10: low: file holds a GitLab token (glpa…)",
	})
}

// lockProject names left-pad 1.0.0, which has a flaw, in lock files of all kinds
// that npm's packages are in, and other names that begin alike.
const lockProject = `
-- web/package-lock.json --
{
  "lockfileVersion": 3,
  "packages": {
    "": {"name": "web", "version": "1.0.0"},
    "node_modules/left-pad-extra": {
      "version": "1.0.0"
    },
    "node_modules/left-pad": {
      "version": "1.0.0",
      "dev": true
    },
    "node_modules/x/node_modules/left-pad": {
      "version": "1.0.1"
    }
  }
}
-- yarn/yarn.lock --
# yarn lockfile v1

left-pad@^1.0.0:
  version "1.0.0"

left-pad@^1.0.1:
  version "1.0.1"
-- pnpm/pnpm-lock.yaml --
lockfileVersion: '9.0'
packages:
  left-pad@1.0.0:
    resolution: {integrity: sha512-x}
-- bun/bun.lock --
{
  "lockfileVersion": 1,
  "packages": {
    "left-pad": ["left-pad@1.0.0", "", {}, "sha512-x"],
  }
}
-- accounted/yarn.lock --
# bulkhead:ignore vulnerable-package -- only pads labels
left-pad@^1.0.0:
  version "1.0.0"
-- node_modules/y/package-lock.json --
{"packages":{"node_modules/left-pad":{"version":"1.0.0"}}}
-- broken/package-lock.json --
{"packages":
`

// TestLocks: packages of lock files are held against advisories, and told of
// where the file names them.
func TestLocks(t *testing.T) {
	dir := t.TempDir()
	record := `{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2024-1111"],"modified":"2026-01-01T00:00:00Z",
		"affected":[{"package":{"ecosystem":"npm","name":"left-pad"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.1"}]}]}]}`
	if err := os.WriteFile(filepath.Join(dir, "GHSA-aaaa-bbbb-cccc.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "advisories.db")
	if _, err := vuln.Build(t.Context(), dir, db, vuln.Options{Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	extract(t, lockProject)
	flaw := "left-pad 1.0.0 has CVE-2024-1111; 1.0.1 cures it"
	same(t, deep(t, func() (*vuln.DB, error) { return vuln.Open(db) }, "vulnerable-package"), []string{
		"bun/bun.lock:4:6: medium: " + flaw,
		"pnpm/pnpm-lock.yaml:3:3: medium: " + flaw,
		"web/package-lock.json:8:19: low: " + flaw + "; needed to build or test only",
		"yarn/yarn.lock:3:1: medium: " + flaw,
	})
}
