package text

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// shop returns a report on an image with three vulnerabilities of one source
// that two packages are made of, and one of a language's package.
func shop() *report.Report {
	file := source.NewFile("Dockerfile", []byte("FROM debian:12\nRUN npm ci\n"))
	i := &model.Image{Name: "shop/api:1", Inventory: &model.Inventory{Layers: []model.Layer{
		{Base: model.Fact[bool]{Value: true, State: model.Set}, Written: model.Place{Span: file.Span(0, 14)}},
		{Written: model.Place{Span: file.Span(15, 25)}},
	}}}
	ssl := &model.Package{Name: "libssl3", Version: "3.0.11-1", Source: "openssl", Ecosystem: "Debian:12", PURL: "pkg:deb/debian/libssl3@3.0.11-1", Locations: []string{"var/lib/dpkg/status"}}
	tool := &model.Package{Name: "openssl", Version: "3.0.11-1", Ecosystem: "Debian:12", PURL: "pkg:deb/debian/openssl@3.0.11-1", Locations: []string{"var/lib/dpkg/status"}}
	pad := &model.Package{Name: "left-pad", Version: "1.0.0", Ecosystem: "npm", PURL: "pkg:npm/left-pad@1.0.0", Locations: []string{"app/package-lock.json"}, Layer: 1}
	both, own := &model.Upgrade{Packages: []*model.Package{ssl, tool}, Version: "3.0.13-1"}, &model.Upgrade{Packages: []*model.Package{pad}, Version: "1.0.1"}
	r := &report.Report{FailOn: finding.High}
	add := func(v model.Vulnerability, s finding.Severity, packages ...*model.Package) {
		v.Package = packages[0]
		r.Findings = append(r.Findings, finding.Finding{
			Rule: "vulnerable-package", Severity: s, Subject: i.Name, Image: i, Vulnerability: &v, Packages: packages,
			Message: model.Software(packages) + " has " + v.ID, Path: "image shop/api:1: " + packages[0].Locations[0],
		})
	}
	add(model.Vulnerability{
		ID: "CVE-2024-1", Aliases: []string{"DSA-1-1"}, Severity: "high", Score: 7.5, Fixed: "3.0.12-1", State: model.FixAvailable,
		Exploited: true, Listed: time.Date(2024, 5, 20, 0, 0, 0, 0, time.UTC), EPSS: 0.97, Upgrade: both, Summary: "a bad certificate",
	}, finding.Critical, ssl, tool)
	add(model.Vulnerability{ID: "CVE-2024-2", Severity: "low", Fixed: "3.0.13-1", State: model.FixAvailable, Upgrade: both}, finding.Low, ssl, tool)
	add(model.Vulnerability{ID: "CVE-2024-4", Fixed: "1.0.1", State: model.FixAvailable, Upgrade: own}, finding.Medium, pad)
	add(model.Vulnerability{ID: "CVE-2024-3", Severity: "high", State: model.Unfixed}, finding.High, ssl, tool)
	return r
}

func TestGroups(t *testing.T) {
	for _, c := range []struct {
		name   string
		writer Writer
		want   string
	}{
		{"lines", Writer{}, `
image shop/api:1: var/lib/dpkg/status: critical: shop/api:1: openssl 3.0.11-1 (libssl3, openssl) has 3 known vulnerabilities: 1 critical, 1 high, 1 low; CVE-2024-1 is being exploited; 3.0.13-1 cures 2 of them (vulnerable-package)
image shop/api:1: app/package-lock.json: medium: shop/api:1: left-pad 1.0.0 has CVE-2024-4 (vulnerable-package)
2 findings at high or above: 1 critical, 1 high, 1 medium, 1 low
upgrade: shop/api:1: Dockerfile:1:1: apt-get update && apt-get install -y --only-upgrade libssl3 openssl (it comes with the base image; a newer one may do) cures 2: 1 critical, 1 low, 1 exploited
upgrade: shop/api:1: Dockerfile:2:1: npm install left-pad@1.0.1 (app/package-lock.json) cures 1: 1 medium
exit 1: 2 findings at high or above (0 ms)
`},
		{"every finding", Writer{Verbose: true}, `
critical[vulnerable-package]: openssl 3.0.11-1 (libssl3, openssl) has 3 known vulnerabilities: 1 critical, 1 high, 1 low; CVE-2024-1 is being exploited; 3.0.13-1 cures 2 of them
 --> image shop/api:1: var/lib/dpkg/status
  = subject: shop/api:1
  = CVE-2024-1 (DSA-1-1); high, CVSS 7.5; exploited, listed on 2024-05-20; EPSS 97.0 %; fixed in 3.0.12-1: a bad certificate
  = CVE-2024-2; low; fixed in 3.0.13-1
  = CVE-2024-3; high; not fixed
  = pkg:deb/debian/libssl3@3.0.11-1 in var/lib/dpkg/status, layer 1
  = pkg:deb/debian/openssl@3.0.11-1 in var/lib/dpkg/status, layer 1

medium[vulnerable-package]: left-pad 1.0.0 has CVE-2024-4
 --> image shop/api:1: app/package-lock.json
  = subject: shop/api:1
  = CVE-2024-4; not rated; fixed in 1.0.1
  = pkg:npm/left-pad@1.0.0 in app/package-lock.json, layer 2
`},
	} {
		var got bytes.Buffer
		if err := c.writer.Write(&got, shop()); err != nil {
			t.Fatal(err)
		}
		text := got.String()
		if c.writer.Verbose {
			text, _, _ = strings.Cut(text, "\n2 findings")
		}
		var lines []string // without the blanks that padding leaves
		for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
			lines = append(lines, strings.TrimRight(line, " "))
		}
		if diff := cmp.Diff(lines, strings.Split(strings.TrimSpace(c.want), "\n")); diff != "" {
			t.Errorf("%s: got -, want +:\n%s", c.name, diff)
		}
	}
}

// TestManyVulnerabilities holds that an image with hundreds of them stays
// readable: one line for each package, and one for all a distribution cures.
// TestGroupInUse: what is said of each of a package's vulnerabilities is said of
// all on one line, too.
func TestGroupInUse(t *testing.T) {
	for _, c := range []struct {
		loaded  [2]model.State // of the two packages of one source
		running *model.Running
		want    string
	}{
		{[2]model.State{model.Unknown, model.Set}, &model.Running{}, "cures 2 of them; a process has it loaded (vulnerable-package)"},
		{[2]model.State{model.Unset, model.Unset}, &model.Running{}, "cures 2 of them; no process has it loaded (vulnerable-package)"},
		{[2]model.State{model.Unset, model.Unknown}, &model.Running{}, "cures 2 of them; whether it is loaded cannot be told (vulnerable-package)"},
		{[2]model.State{}, nil, "cures 2 of them (vulnerable-package)"},
	} {
		r := shop()
		r.Findings[0].Image.Running = c.running
		for i, p := range r.Findings[0].Packages {
			p.Loaded = c.loaded[i]
		}
		var got bytes.Buffer
		if err := (Writer{}).Write(&got, r); err != nil {
			t.Fatal(err)
		}
		if line, _, _ := strings.Cut(got.String(), "\n"); !strings.HasSuffix(line, c.want) {
			t.Errorf("got %q, want it to end in %q", line, c.want)
		}
	}
}

func TestManyVulnerabilities(t *testing.T) {
	r := &report.Report{FailOn: finding.High}
	i := &model.Image{Name: "shop/api:1"}
	for n := range 300 {
		p := &model.Package{Name: fmt.Sprint("lib", n%30), Version: "1", Ecosystem: "Debian:12", Layer: -1}
		r.Findings = append(r.Findings, finding.Finding{
			Rule: "vulnerable-package", Severity: finding.High, Subject: i.Name, Image: i, Message: "x", Path: "image",
			Packages:      []*model.Package{p},
			Vulnerability: &model.Vulnerability{ID: fmt.Sprint("CVE-2024-", n), Package: p, Upgrade: &model.Upgrade{Packages: []*model.Package{p}, Version: "2"}},
		})
	}
	var got bytes.Buffer
	if err := (Writer{}).Write(&got, r); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(got.String(), "\n"); lines > 30+3 {
		t.Errorf("got %d lines, want one for each of 30 packages, one to do and two about the check:\n%s", lines, got.String())
	}
	if want := "apt-get update && apt-get upgrade -y cures 300: 300 high"; !strings.Contains(got.String(), want) {
		t.Errorf("got\n%swant %q in it", got.String(), want)
	}
}
