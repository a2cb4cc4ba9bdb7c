package openvex

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/model"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
	"bulkhead/internal/vex"
)

func pkg(name, version string) *model.Package {
	return &model.Package{Name: name, Version: version, PURL: "pkg:npm/" + name + "@" + version, Ecosystem: "npm"}
}

func sample() *report.Report {
	sum := "sha256:" + strings.Repeat("ab", 32)
	return &report.Report{Version: "v1", Started: time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC), Images: []report.Image{{
		Name: "shop/api:1.4", ID: sum, Digests: []string{"registry.example.com/shop/api@" + sum},
		Vulnerabilities: []*model.Vulnerability{
			{ID: "CVE-1", Aliases: []string{"GHSA-1"}, Summary: "reads too far", Package: pkg("left", "1.0"), Fixed: "1.1", State: model.FixAvailable},
			{ID: "CVE-1", Aliases: []string{"GHSA-1"}, Summary: "reads too far", Package: pkg("left", "1.0"), Fixed: "1.1", State: model.FixAvailable},
			{ID: "CVE-2", Package: pkg("left", "1.0"), State: model.Unfixed},
			{ID: "CVE-3", Package: pkg("left", "1.0"), State: model.Unfixed, Exploited: true},
			{ID: "CVE-4", Package: pkg("right", "2"), State: model.WontFix},
			{ID: "CVE-5", Package: pkg("right", "2"), Excuse: &model.Excuse{Status: "not_affected", Reason: "not_affected: component_not_present: it is not in there", By: "Acme"}},
			{ID: "CVE-6", Package: pkg("right", "2"), Excuse: &model.Excuse{Status: "false_positive", Reason: "false_positive: another project of that name"}},
			{ID: "CVE-7", Package: pkg("right", "2"), Excuse: &model.Excuse{Status: "resolved", Reason: "resolved: patched", By: "Acme"}},
		},
	}}}
}

func TestStatements(t *testing.T) {
	var b bytes.Buffer
	if err := (Writer{}).Write(&b, sample()); err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(b.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	type said struct{ name, status, why string }
	var got []said
	for _, s := range d.Statements {
		got = append(got, said{s.Vulnerability.Name, s.Status, strings.Join([]string{s.Justification, s.Impact, s.Action, s.StatusNotes}, "|")})
	}
	want := []said{
		{"CVE-1", "affected", "||bring left 1.0 to 1.1|"},
		{"CVE-2", "under_investigation", "|||no version of left cures it yet"},
		{"CVE-3", "affected", "||do without left 1.0: no version cures it yet|it is known to be exploited"},
		{"CVE-4", "under_investigation", "|||the distribution will not cure it in right 2"},
		{"CVE-5", "not_affected", "component_not_present|it is not in there||Acme says so"},
		{"CVE-6", "not_affected", "|another project of that name||"},
		{"CVE-7", "fixed", "|||patched; Acme says so"},
	}
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(said{})); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
	sum := strings.Repeat("ab", 32)
	product := product{
		ID: "pkg:oci/api@sha256%3A" + sum + "?repository_url=registry.example.com/shop/api", Hashes: map[string]string{"sha-256": sum},
		Subcomponents: []component{{"pkg:npm/left@1.0"}},
	}
	if diff := cmp.Diff(d.Statements[0].Products[0], product); diff != "" {
		t.Errorf("product: -got +want\n%s", diff)
	}
}

// TestReadBack reads what was written: what is excused stays so, about the same
// image and no other.
func TestReadBack(t *testing.T) {
	var b bytes.Buffer
	r := sample()
	if err := (Writer{}).Write(&b, r); err != nil {
		t.Fatal(err)
	}
	d, err := vex.Read(source.NewFile("vex.json", b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	excused := func(i *model.Image) string {
		for _, v := range r.Images[0].Vulnerabilities {
			again := *v
			again.Excuse = nil
			i.Vulnerabilities = append(i.Vulnerabilities, &again)
		}
		vex.Apply([]*vex.Document{d}, []*model.Image{i})
		var out []string
		for _, v := range i.Vulnerabilities {
			if v.Excuse != nil {
				out = append(out, v.ID)
			}
		}
		return strings.Join(out, " ")
	}
	same := &model.Image{Name: "another/name", Config: &model.ImageConfig{ID: r.Images[0].ID}}
	if got, want := excused(same), "CVE-5 CVE-6 CVE-7"; got != want {
		t.Errorf("excused: got %q, want %q", got, want)
	}
	other := &model.Image{Name: "shop/api:1.5", Config: &model.ImageConfig{ID: "sha256:" + strings.Repeat("cd", 32)}}
	if got := excused(other); got != "" {
		t.Errorf("excused in another image: got %q, want nothing", got)
	}
}
