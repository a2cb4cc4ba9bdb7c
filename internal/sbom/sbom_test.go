package sbom

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"bulkhead/internal/model"
)

// document has a package of every shape.
func document() *Document {
	return &Document{
		Name: "shop/api:1", Digest: "sha256:abc", Container: true, Tool: "1.0", Created: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		Inventory: &model.Inventory{
			OS:     model.OSRelease{ID: "debian", VersionID: "12", Codename: "bookworm", Name: "Debian GNU/Linux 12 (bookworm)"},
			Layers: []model.Layer{{DiffID: "sha256:1", History: "ADD rootfs"}, {DiffID: "sha256:2"}},
			Notes:  []model.Note{{What: "x.jar", Why: "not read: it is <no> zip archive"}},
			Packages: []*model.Package{
				{
					Name: "libssl3", Version: "3.0.11-1~deb12u2+b1", Ecosystem: "Debian:12", Source: "openssl", SourceVersion: "3.0.11-1~deb12u2",
					PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2%2Bb1?arch=amd64&distro=debian-12", Locations: []string{"var/lib/dpkg/status"},
				},
				{Name: "bash", Version: "5.2+b1", SourceVersion: "5.2", Ecosystem: "Debian:12", PURL: "pkg:deb/debian/bash@5.2%2Bb1?distro=debian-12"},
				{
					Name: "@babel/core", Version: "7.0.0", Ecosystem: "npm", PURL: "pkg:npm/%40babel/core@7.0.0", License: "MIT", Dev: true,
					Locations: []string{"app/package-lock.json", "b/é"}, Layer: 1, Owner: "node-babel",
				},
				{Name: "six", Version: "1.16.0", Ecosystem: "PyPI", PURL: "pkg:pypi/six@1.16.0", License: "MIT OR (Apache-2.0 AND BSD-3-Clause)", Layer: 1},
				{Name: "x", Version: "1", Ecosystem: "PyPI", PURL: "pkg:pypi/x@1", License: "see LICENSE (AND", Layer: 1},
				{Name: "example.com/shop", Ecosystem: "Go", PURL: "pkg:golang/example.com/shop", Layer: 1},
				{Name: "nginx", Version: "1.27.0", PURL: "pkg:generic/nginx@1.27.0", Layer: 1},
			},
		},
	}
}

func write(t testing.TB, d *Document) (cyclonedx, spdx []byte) {
	t.Helper()
	var c, s bytes.Buffer
	if err := WriteCycloneDX(&c, d); err != nil {
		t.Fatal(err)
	}
	if err := WriteSPDX(&s, d); err != nil {
		t.Fatal(err)
	}
	return c.Bytes(), s.Bytes()
}

func TestRoundTrip(t *testing.T) {
	d := document()
	cyclonedx, spdx := write(t, d)
	got, err := Read(bytes.NewReader(cyclonedx))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, d.Inventory, cmp.Comparer(func(a, b model.Fact[bool]) bool { return a.Value == b.Value })); diff != "" {
		t.Errorf("CycloneDX: -got +want\n%s", diff)
	}
	got, err = Read(bytes.NewReader(spdx))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range d.Inventory.Packages { // SPDX has no place for these
		want := *p
		want.Layer, want.Owner = -1, ""
		if diff := cmp.Diff(got.Packages[i], &want); diff != "" {
			t.Errorf("SPDX: -got +want\n%s", diff)
		}
	}
	if got.OS.ID != "debian" || got.OS.VersionID != "12" {
		t.Errorf("SPDX: system %+v, want Debian 12", got.OS)
	}
	again, againSPDX := write(t, document())
	if !bytes.Equal(again, cyclonedx) || !bytes.Equal(againSPDX, spdx) {
		t.Error("the same inventory gave different bytes")
	}
}

// TestSchema validates against the schema the CycloneDX project publishes with
// its Go library.
func TestSchema(t *testing.T) {
	text, err := exec.Command("go", "mod", "download", "-json", "github.com/CycloneDX/cyclonedx-go@v0.11.0").Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(text, &module) != nil {
		t.Skipf("no schema: the module that has it cannot be fetched: %v", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(schemaDir(filepath.Join(module.Dir, "schema")))
	schema, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Document{document(), {Name: "empty", Inventory: &model.Inventory{}}} {
		cyclonedx, _ := write(t, d)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(cyclonedx))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
	if err := schema.Validate(map[string]any{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": "none"}); err == nil {
		t.Error("the schema takes anything")
	}
}

// schemaDir loads schemas by the last part of their addresses.
type schemaDir string

func (d schemaDir) Load(url string) (any, error) {
	name := filepath.Base(url)
	if name == "jsf-0.82.schema.json" {
		name = "jsf-0.82.schemax.json" // misspelt in that release
	}
	f, err := os.Open(filepath.Join(string(d), name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return jsonschema.UnmarshalJSON(f)
}

// TestSPDX holds what SPDX 2.3 demands: clauses 6 (document creation), 7
// (package information), 11 (relationships) and annex D (expressions).
func TestSPDX(t *testing.T) {
	for _, d := range []*Document{document(), {Name: "empty", Inventory: &model.Inventory{}}} {
		_, text := write(t, d)
		in := json.NewDecoder(bytes.NewReader(text))
		in.DisallowUnknownFields()
		var s spdx
		if err := in.Decode(&s); err != nil {
			t.Fatal(err)
		}
		for what, pair := range map[string][2]string{
			"6.1 version": {s.Version, `^SPDX-2\.3$`}, "6.2 data license": {s.DataLicense, `^CC0-1\.0$`},
			"6.3 identifier": {s.ID, `^SPDXRef-DOCUMENT$`}, "6.4 name": {s.Name, `.`},
			"6.5 namespace": {s.Namespace, `^[a-z]+:[^#\s]+$`}, "6.9 created": {s.CreationInfo.Created, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`},
			"6.8 creator": {strings.Join(s.CreationInfo.Creators, ""), `^Tool: bulkhead-`},
		} {
			if !regexp.MustCompile(pair[1]).MatchString(pair[0]) {
				t.Errorf("%s: %s is %q, want %s", d.Name, what, pair[0], pair[1])
			}
		}
		ids := map[string]bool{s.ID: true}
		for _, p := range s.Packages {
			if ids[p.ID] || !regexp.MustCompile(`^SPDXRef-[A-Za-z0-9.-]+$`).MatchString(p.ID) {
				t.Errorf("%s: 7.2 identifier %q is taken or has odd letters", d.Name, p.ID)
			}
			ids[p.ID] = true
			if p.Name == "" || p.DownloadLocation != noAssertion || p.LicenseConcluded != noAssertion || p.CopyrightText != noAssertion {
				t.Errorf("%s: 7.1, 7.7, 7.13, 7.17: %+v", d.Name, p)
			}
			if p.LicenseDeclared != noAssertion && !isExpression(p.LicenseDeclared) {
				t.Errorf("%s: 7.15: %q is no expression", d.Name, p.LicenseDeclared)
			}
			if !regexp.MustCompile(`^(|SOURCE|CONTAINER|OPERATING-SYSTEM)$`).MatchString(p.Purpose) {
				t.Errorf("%s: 7.24: purpose %q", d.Name, p.Purpose)
			}
			for _, r := range p.ExternalRefs {
				if r.Category != "PACKAGE-MANAGER" || r.Type != "purl" || !strings.HasPrefix(r.Locator, "pkg:") || strings.Contains(r.Locator, " ") {
					t.Errorf("%s: 7.21: %+v", d.Name, r)
				}
			}
		}
		describes := 0
		for _, r := range s.Relationships {
			if !ids[r.From] || !ids[r.To] {
				t.Errorf("%s: 11.1: %+v names what is not there", d.Name, r)
			}
			if r.Type == "DESCRIBES" && r.From == s.ID {
				describes++
			}
		}
		if describes != 1 {
			t.Errorf("%s: %d things are described, want 1", d.Name, describes)
		}
	}
}

// TestOwned leaves out what belongs to a package that is listed.
func TestOwned(t *testing.T) {
	d := &Document{Name: "x", Inventory: &model.Inventory{Packages: []*model.Package{
		{Name: "node-abbrev", Version: "1.1.1-2", PURL: "pkg:deb/debian/node-abbrev@1.1.1-2", Layer: -1},
		{Name: "abbrev", Version: "1.1.1", PURL: "pkg:npm/abbrev@1.1.1", Layer: -1, Owner: "node-abbrev"},
		{Name: "left-pad", Version: "1.0.0", PURL: "pkg:npm/left-pad@1.0.0", Layer: -1, Owner: "not-listed"},
	}}}
	for name, write := range map[string]func(io.Writer, *Document) error{"CycloneDX": WriteCycloneDX, "SPDX": WriteSPDX} {
		var out bytes.Buffer
		if err := write(&out, d); err != nil {
			t.Fatal(err)
		}
		inv, err := Read(&out)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range inv.Packages {
			got = append(got, p.PURL)
		}
		slices.Sort(got)
		want := []string{"pkg:deb/debian/node-abbrev@1.1.1-2", "pkg:npm/left-pad@1.0.0"}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s: -got +want\n%s", name, diff)
		}
	}
}

// TestForeign reads what other tools write.
func TestForeign(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // ecosystem, name, version, source
		note       string
	}{
		{
			"trivy", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
			{"type":"operating-system","name":"debian","version":"12.5"},
			{"type":"library","name":"libc6","purl":"pkg:deb/debian/libc6@2.36-9?distro=debian-12.5","properties":[
				{"name":"aquasecurity:trivy:SrcName","value":"glibc"},{"name":"aquasecurity:trivy:SrcVersion","value":"2.36"},{"name":"aquasecurity:trivy:SrcRelease","value":"9"}]},
			{"type":"application","name":"app","components":[{"type":"library","name":"core","purl":"pkg:npm/%40babel/core@7.0.0"}]}]}`,
			[]string{"Debian:12 libc6 2.36-9 glibc 2.36-9", "npm @babel/core 7.0.0  "},
			"left out for want of a package URL: 1",
		},
		{
			"syft", `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[
			{"SPDXID":"SPDXRef-a","name":"libc6","versionInfo":"2.36-9","externalRefs":[
				{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:a:libc6"},
				{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12&upstream=glibc"}]},
			{"SPDXID":"SPDXRef-root","name":"debian","primaryPackagePurpose":"CONTAINER"}],
			"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relatedSpdxElement":"SPDXRef-root","relationshipType":"DESCRIBES"}]}`,
			[]string{"Debian:12 libc6 2.36-9 glibc "},
			"",
		},
		{
			"trivy, SPDX", `{"SPDXID":"SPDXRef-DOCUMENT","spdxVersion":"SPDX-2.3","packages":[
			{"SPDXID":"SPDXRef-OperatingSystem-1","name":"debian","versionInfo":"12.5","primaryPackagePurpose":"OPERATING-SYSTEM"},
			{"SPDXID":"SPDXRef-Package-1","name":"libssl3","versionInfo":"3.0.11-1~deb12u2","sourceInfo":"built package from: openssl 3.0.11-1~deb12u2","externalRefs":[
				{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12.5"}]}]}`,
			[]string{"Debian:12 libssl3 3.0.11-1~deb12u2 openssl 3.0.11-1~deb12u2"},
			"",
		},
		{
			"distributions by their qualifiers alone", `{"bomFormat":"CycloneDX","specVersion":"1.4","components":[
			{"type":"library","name":"a","purl":"pkg:apk/alpine/libcrypto3@3.1.4-r5?arch=x86_64&distro=3.18.6"},
			{"type":"library","name":"b","purl":"pkg:apk/alpine/libcrypto3@3.1.4-r5?arch=x86_64&upstream=openssl&distro=alpine-3.18.6"},
			{"type":"library","name":"c","purl":"pkg:rpm/redhat/openssl-libs@3.0.7-25.el9_3?arch=x86_64&distro=redhat-9.3&epoch=1&upstream=openssl-3.0.7-25.el9_3.src.rpm"},
			{"type":"library","name":"d","purl":"pkg:rpm/rocky/bash@5.1.8-6.el9?distro=rocky-9.3"},
			{"type":"library","name":"e","purl":"pkg:deb/ubuntu/bash@5.2.21-2ubuntu4?distro=ubuntu-24.04"},
			{"type":"library","name":"f","purl":"pkg:rpm/opensuse/bash@4.4-1?distro=opensuse.leap-15.6"}]}`,
			[]string{
				"Alpine:v3.18 libcrypto3 3.1.4-r5  ", "Alpine:v3.18 libcrypto3 3.1.4-r5 openssl ",
				"Red Hat:enterprise_linux:9 openssl-libs 1:3.0.7-25.el9_3 openssl 1:3.0.7-25.el9_3", "Rocky Linux:9 bash 5.1.8-6.el9  ",
				"Ubuntu:24.04:LTS bash 5.2.21-2ubuntu4  ", "openSUSE:Leap 15.6 bash 4.4-1  ",
			},
			"",
		},
		{"empty", `{"bomFormat":"CycloneDX","specVersion":"1.4"}`, nil, "no finding is not no risk"},
	} {
		inv, err := Read(strings.NewReader(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got []string
		for _, p := range inv.Packages {
			got = append(got, strings.Join([]string{p.Ecosystem, p.Name, p.Version, p.Source, p.SourceVersion}, " "))
		}
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s: -got +want\n%s", tt.name, diff)
		}
		if said := len(inv.Notes) > 0; said != (tt.note != "") || said && !strings.Contains(inv.Notes[0].Why, tt.note) {
			t.Errorf("%s: notes %v, want %q", tt.name, inv.Notes, tt.note)
		}
	}
	for text, want := range map[string]string{
		`{"SPDXID":"x","spdxVersion":"SPDX-3.0"}`: ErrUnknown.Error(), `{}`: ErrUnknown.Error(), `[]`: "unmarshal", ``: "end of JSON",
		`{"bomFormat":"CycloneDX","components":3}`: "unmarshal",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	cyclonedx, spdx := write(f, document())
	f.Add(cyclonedx)
	f.Add(spdx)
	f.Fuzz(func(t *testing.T, text []byte) {
		inv, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, p := range inv.Packages {
			if p.Name == "" || p.Layer >= len(inv.Layers) {
				t.Errorf("package %+v has no name or a layer that is not there", p)
			}
		}
		write(t, &Document{Name: "x", Inventory: inv})
	})
}
