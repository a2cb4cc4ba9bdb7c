package suppress

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/config"
	"bulkhead/internal/finding"
	"bulkhead/internal/report"
	"bulkhead/internal/report/text"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

func all() []*rule.Rule {
	return []*rule.Rule{
		{Name: "writable-root", Refs: []string{"trivy KSV-0014"}},
		{Name: "root-user", Refs: []string{"hadolint DL3002", "trivy DS-0002", "checkov CKV_DOCKER_8"}},
		{Name: "apt-pin", Refs: []string{"hadolint DL3008"}},
		{Name: "privileged"},
	}
}

var now = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// find reports a finding of rule-name at every text ‹rule-name›, which is how
// the cases below mark what a rule would find.
func find(f *source.File) []finding.Finding {
	var out []finding.Finding
	for _, r := range all() {
		for at := 0; ; at++ {
			i := bytes.Index(f.Text[at:], []byte("‹"+r.Name+"›"))
			if i < 0 {
				break
			}
			at += i
			out = append(out, finding.Finding{Rule: r.Name, Severity: finding.Medium, Subject: "web", Message: "found", Span: f.Span(at, at+len(r.Name))})
		}
	}
	return out
}

// TestCases runs testdata/*.txtar: an input, and what is printed about it.
func TestCases(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(archive.Files); i += 2 {
			input, want := archive.Files[i], archive.Files[i+1]
			t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar")+"/"+input.Name, func(t *testing.T) {
				f := source.NewFile(input.Name, input.Data)
				got := Apply(Request{Findings: find(f), Files: []*source.File{f}, Now: now, All: all(), Ran: all()})
				if diff := cmp.Diff(show(got), string(want.Data)); diff != "" {
					t.Errorf("-got +want\n%s", diff)
				}
			})
		}
	}
}

func show(r Result) string {
	var b strings.Builder
	for i := range r.Kept {
		fmt.Fprintln(&b, "kept", text.Line(&r.Kept[i]))
	}
	for _, s := range r.Suppressed {
		fmt.Fprintf(&b, "suppressed %s: %s at %s: %s\n", s.Finding.Where(), s.Finding.Rule, s.Where, s.Reason)
	}
	for i := range r.Extra {
		fmt.Fprintln(&b, "extra", text.Line(&r.Extra[i]))
	}
	return b.String()
}

// TestArchives holds what Rules promises in its pages. A service without
// read_only breaks writable-root.
func TestArchives(t *testing.T) {
	for _, r := range Rules() {
		page := r.Page()
		if len(page.Paragraphs) != 3 || len(page.Examples) != 1 {
			t.Fatalf("%s: %d paragraphs, %d examples, want 3 and 1", r.Name, len(page.Paragraphs), len(page.Examples))
		}
		example := page.Examples[0]
		var want string
		for _, f := range txtar.Parse([]byte(r.Doc)).Files {
			if f.Name == "findings" {
				want = string(f.Data)
			}
		}
		if diff := cmp.Diff(extra(example.Name, example.Bad), want); diff != "" {
			t.Errorf("%s: bad: -got +want\n%s", r.Name, diff)
		}
		if got := extra(example.Name, example.Good); got != "" {
			t.Errorf("%s: good: got %s, want nothing", r.Name, got)
		}
	}
}

func extra(name, content string) string {
	f := source.NewFile(name, []byte(content))
	var findings []finding.Finding
	for n := 1; n < f.Lines(); n++ {
		line := string(f.Line(n))
		if strings.HasPrefix(line, "  ") && line[2] != ' ' && !strings.Contains(content[f.LineStart(n):], "read_only") {
			start := f.LineStart(n) + 2
			findings = append(findings, finding.Finding{Rule: "writable-root", Span: f.Span(start, start+2)})
		}
	}
	var b strings.Builder
	got := Apply(Request{Findings: findings, Files: []*source.File{f}, Now: now, All: all(), Ran: all()})
	for i := range got.Extra {
		fmt.Fprintln(&b, text.Line(&got.Extra[i]))
	}
	return b.String()
}

// TestFix takes away every comment that is of no use.
func TestFix(t *testing.T) {
	f := source.NewFile("x", []byte("a: 1 # bulkhead:ignore privileged -- x\r\n  # bulkhead:ignore privileged -- x\r\nb: 2\r\n# bulkhead:ignore -- x"))
	got := Apply(Request{Files: []*source.File{f}, Now: now, All: all(), Ran: all()})
	var edits []source.Edit
	for _, x := range got.Extra {
		edits = append(edits, x.Fixes[0].Edits...)
	}
	fixed, err := source.Apply(f, edits)
	if err != nil {
		t.Fatal(err)
	}
	if want := "a: 1\r\nb: 2\r\n"; string(fixed) != want {
		t.Errorf("got %q, want %q", fixed, want)
	}
}

func TestEntries(t *testing.T) {
	c, err := config.Read(source.NewFile(config.Name, []byte(`suppress:
  - {rule: privileged, path: deploy, reason: the agent needs it}
  - {rule: root-user, subject: web, until: 2026-11-21, reason: last day}
  - {rule: apt-pin, until: 2026-11-20, reason: the day before}
  - {rule: writable-root, path: deploy/b.yaml, reason: not here}
  - {rule: writable-root, path: other, reason: not looked at}
  - {rule: writable-root, subject: db, reason: could be anywhere}
`)), all())
	if err != nil {
		t.Fatal(err)
	}
	a := source.NewFile("deploy/a.yaml", []byte("‹privileged› ‹root-user› ‹apt-pin›"))
	b := source.NewFile("deploy/b.yaml", nil)
	got := Apply(Request{Findings: find(a), Files: []*source.File{a, b}, Config: c, Now: now, All: all(), Ran: all()})
	want := `kept deploy/a.yaml:1:34: medium: web: found (apt-pin)
suppressed deploy/a.yaml:1:18: root-user at .bulkhead.yaml:3:5: last day
suppressed deploy/a.yaml:1:1: privileged at .bulkhead.yaml:2:5: the agent needs it
extra .bulkhead.yaml:4:5: low: .bulkhead.yaml: suppression of apt-pin expired on 2026-11-20 (unused-suppression)
extra .bulkhead.yaml:5:5: low: .bulkhead.yaml: suppression of writable-root silences nothing (unused-suppression)
`
	if diff := cmp.Diff(show(got), want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

// TestRelated suppresses one cause at another of its places.
func TestRelated(t *testing.T) {
	f := source.NewFile("compose.yaml", []byte("x\ny # bulkhead:ignore privileged -- why\n"))
	x := finding.Finding{Rule: "privileged", Path: "container web: HostConfig.Privileged", Related: []finding.Related{{Span: f.Span(2, 3)}}}
	got := Apply(Request{Findings: []finding.Finding{x}, Files: []*source.File{f}, Now: now, All: all(), Ran: all()})
	want := []report.Suppression{{Finding: x, Reason: "why", Where: "compose.yaml:2:3"}}
	if len(got.Kept) != 0 || len(got.Extra) != 0 || len(got.Suppressed) != 1 || got.Suppressed[0].Where != want[0].Where {
		t.Errorf("got %s", show(got))
	}
}

// TestOtherRules does not call a suppression unused when its rule did not run.
func TestOtherRules(t *testing.T) {
	f := source.NewFile("compose.yaml", []byte("y # bulkhead:ignore privileged -- why\n"))
	if got := Apply(Request{Files: []*source.File{f}, Now: now, All: all(), Ran: all()[:1]}); len(got.Extra) != 0 {
		t.Errorf("got %s, want nothing", show(got))
	}
}

// TestChoice heeds what the configuration says about the rules of this
// package.
func TestChoice(t *testing.T) {
	f := source.NewFile("x", []byte("y # bulkhead:ignore privileged\nz # bulkhead:ignore privileged -- why\n"))
	c, err := config.Read(source.NewFile(config.Name, []byte("rules: {unused-suppression: off, suppression-without-reason: high}")), Rules())
	if err != nil {
		t.Fatal(err)
	}
	got := Apply(Request{Files: []*source.File{f}, Config: c, Now: now, All: all(), Ran: all()})
	want := "extra x:1:3: high: x: suppression has no reason (suppression-without-reason)\n"
	if diff := cmp.Diff(show(got), want); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
}

func FuzzApply(f *testing.F) {
	f.Add("a: ‹privileged› # bulkhead:ignore privileged until=2027-01-31 -- x\n")
	f.Add("# hadolint global ignore=DL3008\n# trivy:ignore:DS-0002\n#checkov:skip=CKV_DOCKER_8:x\nRUN <<EOF \\\n‹apt-pin›\nEOF")
	f.Fuzz(func(t *testing.T, content string) {
		file := source.NewFile("x", []byte(content))
		found := find(file)
		got := Apply(Request{Findings: found, Files: []*source.File{file}, Now: now, All: all(), Ran: all()})
		if len(got.Kept)+len(got.Suppressed) != len(found) {
			t.Errorf("%d kept and %d suppressed of %d", len(got.Kept), len(got.Suppressed), len(found))
		}
		for _, s := range got.Suppressed {
			if s.Reason == "" {
				t.Errorf("suppressed without a reason at %s", s.Where)
			}
		}
		var edits []source.Edit
		for _, x := range got.Extra {
			for _, fix := range x.Fixes {
				edits = append(edits, fix.Edits...)
			}
		}
		if _, err := source.Apply(file, edits); err != nil {
			t.Error(err)
		}
	})
}

// TestHostile takes no time to speak of for files made to take long.
func TestHostile(t *testing.T) {
	const n = 20_000
	for name, content := range map[string]string{
		"many markers":       strings.Repeat("# hadolint ignore=DL3008\n", n),
		"stacked above much": strings.Repeat("# bulkhead:ignore privileged -- x\n", n) + strings.Repeat("x \\\n", 20*n),
		"many unknown rules": strings.Repeat("x # bulkhead:ignore privilegd1,privilegd2,privilegd3 -- x\n", n),
		"many ids":           "# bulkhead:ignore " + strings.Repeat("a,", 50*n) + " -- x\ny\n",
		"one long line":      strings.Repeat("# # #hadolint ", 20*n),
		"many findings":      strings.Repeat("‹privileged› # bulkhead:ignore privileged -- x\n", n),
	} {
		f := source.NewFile("x", []byte(content))
		found := find(f)
		start := time.Now()
		Apply(Request{Findings: found, Files: []*source.File{f}, Now: now, All: all(), Ran: all()})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: took %v, want less than 5 s", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}
