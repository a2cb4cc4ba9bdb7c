// Package ruletest tests a rule against its own documentation.
package ruletest

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/check"
	"bulkhead/internal/finding"
	"bulkhead/internal/fix"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
	"bulkhead/internal/source"
)

// scanner finds the secrets of all examples.
var scanner = sync.OnceValue(secret.NewScanner)

// Now is the day every archive is judged on.
var Now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Run checks that r's bad examples raise exactly the findings its archive
// lists, that applying their fixes gives the good ones byte for byte, that
// those raise nothing, and that fixing them changes nothing.
func Run(t *testing.T, r *rule.Rule) {
	t.Helper()
	ar := txtar.Parse([]byte(r.Doc))
	page := r.Page()
	if len(page.Paragraphs) < 2 {
		t.Errorf("the archive has %d paragraphs, want two or more: what can go wrong, what to do", len(page.Paragraphs))
	}
	if len(r.Surfaces()) == 0 {
		t.Error("the archive has no bad example")
	}
	bad, good := projects(ar, "bad"), projects(ar, "good")
	var got strings.Builder
	for _, f := range Bad(r) {
		fmt.Fprintln(&got, Line(f))
	}
	for _, name := range sortedKeys(bad) {
		want, ok := good[name]
		if !ok {
			t.Errorf("bad/%s has no good twin", name)
			continue
		}
		checkGood(t, r, name, bad[name], want)
	}
	for name := range good {
		if _, ok := bad[name]; !ok {
			t.Errorf("good/%s has no bad twin", name)
		}
	}
	if diff := cmp.Diff(got.String(), page.Findings); diff != "" {
		t.Errorf("findings (-got +want):\n%s", diff)
	}
}

// checkGood checks that fixing bad gives good, where a fix exists at all, and
// that good is clean and stays as it is.
func checkGood(t *testing.T, r *rule.Rule, name string, bad, good []*source.File) {
	t.Helper()
	fixed, changed := fixAll(t, r, bad)
	if changed {
		for i, f := range fixed {
			if diff := cmp.Diff(string(f.Text), string(good[i].Text)); diff != "" {
				t.Errorf("fixing %s (-got +want):\n%s", path.Join(name, f.Name), diff)
			}
		}
	}
	for _, f := range findings(r, good) {
		t.Errorf("good/%s raises %s", name, Line(f))
	}
	if again, changed := fixAll(t, r, good); changed {
		t.Errorf("fixing good/%s changes it:\n%s", name, again[0].Text)
	}
}

// fixAll applies every fix, also those that could change behaviour.
func fixAll(t *testing.T, r *rule.Rule, files []*source.File) ([]*source.File, bool) {
	t.Helper()
	res, err := fix.Files(files, fix.Unsafe, func(files []*source.File) ([]finding.Finding, error) {
		return findings(r, files), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.Files, len(res.Applied) > 0
}

// Bad returns what r finds in the bad examples of its archive.
func Bad(r *rule.Rule) []finding.Finding {
	var out []finding.Finding
	bad := projects(txtar.Parse([]byte(r.Doc)), "bad")
	for _, name := range sortedKeys(bad) {
		out = append(out, findings(r, bad[name])...)
	}
	return out
}

// findings returns what r finds in the project of files.
func findings(r *rule.Rule, files []*source.File) []finding.Finding {
	load := func(name string) (*source.File, error) {
		for _, f := range files {
			if f.Name == name {
				return f, nil
			}
		}
		return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
	}
	sys := check.System(check.Sources{
		Site:  site(files),
		Files: files,
		Load:  load,

		Searched: files,
		Secrets:  scanner(),

		Ignore: ignore(files),
	})
	return check.Findings([]*rule.Rule{r}, sys)
}

// site returns the configuration the examples are judged with. A file
// called registries lists the trusted ones, one a line.
func site(files []*source.File) model.Site {
	s := model.Site{Now: Now}
	for _, f := range files {
		if path.Base(f.Name) != "registries" {
			continue
		}
		s.Registries.State = model.Set
		for line := range strings.Lines(string(f.Text)) {
			s.Registries.Items = append(s.Registries.Items, model.Fact[string]{Value: strings.TrimSpace(line), State: model.Set})
		}
	}
	return s
}

// ignore answers from a file called .dockerignore, taken as plain names. An
// example of one file alone has no context that could be known.
func ignore(files []*source.File) func(context, dockerfile string) *model.Ignore {
	return func(string, string) *model.Ignore {
		if len(files) < 2 {
			return nil
		}
		i := &model.Ignore{Matches: func(string) bool { return false }}
		for _, f := range files {
			if path.Base(f.Name) == ".dockerignore" {
				names := strings.Fields(string(f.Text))
				i.File = f
				i.Matches = func(p string) bool { return slices.Contains(names, p) }
			}
		}
		return i
	}
}

// Line returns f as the findings section of an archive has it.
func Line(f finding.Finding) string {
	likely := ""
	if f.Likely {
		likely = " [likely]"
	}
	return fmt.Sprintf("%s: %s: %s: %s%s (%s)", f.Where(), f.Severity, f.Subject, f.Message, likely, f.Rule)
}

// projects returns the examples of one side: each file alone, or the files of a
// folder together.
func projects(ar *txtar.Archive, side string) map[string][]*source.File {
	out := map[string][]*source.File{}
	for _, f := range ar.Files {
		name, ok := strings.CutPrefix(f.Name, side+"/")
		if !ok {
			continue
		}
		key, _, _ := strings.Cut(name, "/")
		out[key] = append(out[key], source.NewFile(name, f.Data))
	}
	return out
}

func sortedKeys(m map[string][]*source.File) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// All runs every rule of a package as a subtest of its own name.
func All(t *testing.T, rules []*rule.Rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.Name, func(t *testing.T) { Run(t, r) })
	}
}
