package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulkhead/internal/finding"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

func rules() []*rule.Rule {
	return []*rule.Rule{
		{Name: "writable-root"},
		{Name: "root-user", Refs: []string{"hadolint DL3002"}},
		{Name: "no-user", Refs: []string{"checkov CKV_DOCKER_3"}},
	}
}

func TestRead(t *testing.T) {
	c, err := Read(source.NewFile(Name, []byte(`# what we decided
edition: 2026.1
fail-on: medium
exclude: [vendor, "docs/**"]
registries:
  - docker.io/library
rules:
  DL3002: off
  writable-root: critical
suppress:
  - rule: [writable-root, CKV_DOCKER_3]
    path: deploy/*.yaml
    subject: web
    until: 2027-01-31
    owner: team a
    reason: needs /var/cache
formats: [text, sarif=out.sarif]
`)), rules())
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Edition: "2026.1", Exclude: []string{"vendor", "docs/**"}, Formats: []string{"text", "sarif=out.sarif"},
		Suppress: []Suppression{{
			Rules: []string{"writable-root", "no-user"}, Path: "deploy/*.yaml", Subject: "web",
			Until: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Owner: "team a", Reason: "needs /var/cache",
		}},
	}
	ignore := cmpopts.IgnoreFields(Config{}, "File", "FailOn", "Registries", "Rules")
	if diff := cmp.Diff(c, want, ignore, cmpopts.IgnoreTypes(source.Span{}), cmpopts.IgnoreUnexported(Suppression{})); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
	if c.FailOn.Value != finding.Medium || c.FailOn.Span.Position().String() != Name+":3:10" {
		t.Errorf("fail-on is %v at %v, want medium at 3:10", c.FailOn.Value, c.FailOn.Span.Position())
	}
	if got := c.Registries.Items[0]; got.Value != "docker.io/library" || got.Span.Text() != got.Value {
		t.Errorf("registry is %q at %q", got.Value, got.Span.Text())
	}
	if got := c.Rules["root-user"].Value; !got.Off {
		t.Errorf("root-user is %v, want off", got)
	}
	if got := c.Rules["writable-root"].Value; got.Off || got.Severity != finding.Critical {
		t.Errorf("writable-root is %v, want critical", got)
	}
	if got := c.Suppress[0].Span.Position().Line; got != 11 {
		t.Errorf("suppression is on line %d, want 11", got)
	}
}

func TestFailOn(t *testing.T) {
	for _, tt := range []struct {
		text string
		from finding.Severity
		kev  bool
	}{
		{"fail-on: low", finding.Low, false},
		{"fail-on: kev", finding.Never, true},
		{"fail-on: [high, kev]", finding.High, true},
		{"fail-on: [critical, medium]", finding.Medium, false},
	} {
		c, err := Read(source.NewFile(Name, []byte(tt.text)), nil)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if c.FailOn.Value != tt.from || c.FailOnKEV != tt.kev {
			t.Errorf("%q: got %v and kev %v, want %v and %v", tt.text, c.FailOn.Value, c.FailOnKEV, tt.from, tt.kev)
		}
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"fail_on: high", `1:1: unknown key "fail_on", did you mean "fail-on"?`},
		{"zebra: 1", `1:1: unknown key "zebra"`},
		{"fail-on: hihg", `1:10: severity "hihg" is none of info, low, medium, high, critical, kev`},
		{"fail-on: [kev, hihg]", `1:16: severity "hihg" is none of info, low, medium, high, critical, kev`},
		{"fail-on: []", `1:10: must be a severity, kev or a list of them`},
		{"fail-on: {kev: true}", `1:10: must be a text`},
		{"# é\nrules: {\"é\": off}", `2:9: unknown rule "é"`},
		{"rules:\n  é: off\n  writeable-root: off", "2:3: unknown rule \"é\"\n.bulkhead.yaml:3:3: unknown rule \"writeable-root\", did you mean \"writable-root\"?"},
		{"rules: {é: low, x: off}", "1:9: unknown rule \"é\"\n.bulkhead.yaml:1:18: unknown rule \"x\""},
		{"rules: {writable-root: on}", `1:24: "on" is neither off nor a severity: info, low, medium, high, critical`},
		{"rules: []", `1:8: must be a mapping from rules to off or a severity`},
		{"suppress:\n  - rule: writable-root", `2:5: suppression has no reason`},
		{"suppress:\n  - reason: x", `2:5: suppression names no rule`},
		{"suppress:\n  - {rule: writable-root, reason: x, untl: 2027-01-01}", `2:38: unknown key "untl", did you mean "until"?`},
		{"suppress:\n  - {rule: writable-root, reason: x, until: soon}", `2:45: "soon" is no date such as 2027-01-31`},
		{"edition: next", `1:10: "next" is no edition such as 2026.1`},
		{"exclude: {a: b}", `1:10: must be a text`},
		{"exclude: a\nexclude: b", `2:1: key "exclude" is there twice`},
		{"exclude: '['", `1:10: "[" is no pattern as in a .dockerignore`},
		{"suppress: {rule: root-user, reason: x, path: '[a', subject: '[b'}", "1:46: \"[a\" is no pattern as in a .dockerignore\n.bulkhead.yaml:1:61: \"[b\" is no pattern of names"},
		{"[1]", `1:1: must be a mapping`},
		{"a: [", `1:1: did not find expected node content`},
		{"\tx", `1:1: found character that cannot start any token`},
	} {
		_, err := Read(source.NewFile(Name, []byte(tt.text)), rules())
		if want := Name + ":" + tt.want; err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", tt.text, err, want)
		}
	}
}

func TestReadNothing(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "suppress:\nrules:\nexclude:\n"} {
		if _, err := Read(source.NewFile(Name, []byte(text)), nil); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a: &a [*a]\nsuppress: *a\n"))
	f.Add([]byte("suppress:\n  - {rule: writable-root, reason: x, until: 2027-01-31}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Read(source.NewFile(Name, text), rules())
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Error("an error says nothing")
		}
		if err == nil {
			for _, s := range c.Suppress {
				if s.Reason == "" || len(s.Rules) == 0 {
					t.Errorf("suppression %+v is not complete", s)
				}
			}
		}
	})
}

func TestCovers(t *testing.T) {
	f := source.NewFile("deploy/web.yaml", []byte("x"))
	with := finding.Finding{Rule: "writable-root", Subject: "web", Span: f.Span(0, 1)}
	without := finding.Finding{Rule: "writable-root", Subject: "web", Path: "container web: HostConfig.ReadonlyRootfs"}
	for _, tt := range []struct {
		entry string
		f     finding.Finding
		want  bool
	}{
		{"rule: writable-root", with, true},
		{"rule: [root-user, writable-root]", with, true},
		{"rule: root-user", with, false},
		{"rule: writable-root, path: deploy", with, true},
		{"rule: writable-root, path: deploy/*.yaml", with, true},
		{"rule: writable-root, path: '**/web.yaml'", with, true},
		{"rule: writable-root, path: web.yaml", with, false},
		{"rule: writable-root, path: other", with, false},
		{"rule: writable-root, subject: w*", with, true},
		{"rule: writable-root, subject: db", with, false},
		{"rule: writable-root, path: deploy", without, false},
		{"rule: writable-root, path: 'container web: HostConfig.ReadonlyRootfs'", without, true},
	} {
		c, err := Read(source.NewFile(Name, []byte("suppress: [{reason: x, "+tt.entry+"}]")), rules())
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Suppress[0].Covers(&tt.f); got != tt.want {
			t.Errorf("%s covers %s: got %v, want %v", tt.entry, tt.f.Where(), got, tt.want)
		}
	}
}

func TestFind(t *testing.T) {
	top := t.TempDir()
	below := filepath.Join(top, "repo", "a")
	if err := os.MkdirAll(filepath.Join(below, "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(path string) {
		t.Helper()
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(top, Name))
	if got, want := Find(filepath.Join(below, "b")), filepath.Join(top, Name); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	write(filepath.Join(top, "repo", ".git")) // as in a worktree
	if got := Find(below); got != "" {
		t.Errorf("got %q from outside of the repository, want none", got)
	}
	write(filepath.Join(below, Name))
	if got, want := Find(filepath.Join(below, "b")), filepath.Join(below, Name); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
