package vex

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

var update = flag.Bool("update", false, "rewrite what testdata wants")

// image returns an image with two packages and three vulnerabilities.
func image() *model.Image {
	ssl := &model.Package{
		Name: "libssl3", Version: "3.0.11-1~deb12u2", Source: "openssl", Ecosystem: "Debian:12",
		PURL: "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
	}
	net := &model.Package{Name: "golang.org/x/net", Version: "v0.7.0", Ecosystem: "Go", PURL: "pkg:golang/golang.org/x/net@v0.7.0"}
	app := &model.Package{Name: "example.com/app", Version: "v1.0.0", Ecosystem: "Go", PURL: "pkg:golang/example.com/app@v1.0.0"}
	return &model.Image{
		Name: "shop/api:1.4", LookedUp: true,
		Config: &model.ImageConfig{
			ID: "sha256:" + strings.Repeat("c", 64), Tags: []string{"shop/api:1.4"},
			Digests: []string{"registry.example.com/shop/api@sha256:" + strings.Repeat("d", 64)},
		},
		Inventory: &model.Inventory{Packages: []*model.Package{ssl, net, app}},
		Vulnerabilities: []*model.Vulnerability{
			{ID: "CVE-2024-1", Aliases: []string{"DSA-1-1"}, Package: ssl},
			{ID: "CVE-2024-2", Package: ssl},
			{ID: "CVE-2024-3", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, Package: net},
		},
	}
}

// applied shows what documents do to the image: a line for each vulnerability
// with an excuse, and one for each statement of no use.
func applied(t *testing.T, files ...txtar.File) string {
	t.Helper()
	var documents []*Document
	for _, f := range files {
		d, err := Read(source.NewFile(f.Name, f.Data))
		if err != nil {
			return "error " + err.Error() + "\n"
		}
		documents = append(documents, d)
	}
	i := image()
	r := Apply(documents, []*model.Image{i})
	var b strings.Builder
	for _, v := range i.Vulnerabilities {
		if e := v.Excuse; e != nil {
			fmt.Fprintf(&b, "%s %s: %s: %s, by %q\n", e.Where, v.ID, e.Status, e.Reason, e.By)
		}
	}
	for _, s := range r.Unused {
		fmt.Fprintf(&b, "%s unused %s\n", s.Span.Position(), s.Names)
	}
	for _, s := range r.Bare {
		fmt.Fprintf(&b, "%s without reason %s\n", s.Span.Position(), s.Names)
	}
	return b.String()
}

// TestArchives applies the documents of each archive together. "want" is the
// file that says what they do.
func TestArchives(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("got %d archives, %v", len(archives), err)
	}
	for _, path := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			last := len(a.Files) - 1
			got := applied(t, a.Files[:last]...)
			if *update {
				a.Files[last].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(a.Files[last].Data); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// TestProducts matches products one by one, in both formats where both can
// name them.
func TestProducts(t *testing.T) {
	c, d := strings.Repeat("c", 64), strings.Repeat("d", 64)
	for name, want := range map[string]bool{
		"pkg:deb/debian/libssl3":                                    true,
		"pkg:deb/debian/libssl3@3.0.11-1~deb12u2":                   true,
		"pkg:deb/debian/libssl3@3.0.11-1%7Edeb12u2?arch=amd64":      true,
		"pkg:deb/debian/libssl3?distro=debian-12.5":                 true,
		"pkg:deb/debian/openssl?arch=source":                        true,
		"pkg:deb/debian/libssl3@3.0.11-1~deb12u1":                   false,
		"pkg:deb/debian/libssl3?arch=arm64":                         false,
		"pkg:deb/debian/libssl3?distro=debian-11":                   false,
		"pkg:deb/ubuntu/libssl3":                                    false,
		"pkg:rpm/debian/libssl3":                                    false,
		"pkg:deb/debian/libssl":                                     false,
		"shop/api:1.4":                                              true,
		"shop/api":                                                  true,
		"docker.io/shop/api:1.4":                                    true,
		"shop/api:1.3":                                              false,
		"shop/web":                                                  false,
		"sha256:" + c:                                               true,
		"sha256:" + d:                                               true,
		"sha256:" + strings.Repeat("e", 64):                         false,
		"shop/api@sha256:" + strings.Repeat("e", 64):                false,
		"pkg:oci/api@sha256:" + d:                                   true,
		"pkg:oci/api@sha256%3A" + c + "?tag=9":                      true,
		"pkg:oci/api@sha256:" + strings.Repeat("e", 64):             false,
		"pkg:oci/api?tag=1.4":                                       true,
		"pkg:oci/api?tag=1.5":                                       false,
		"pkg:oci/api?repository_url=registry.example.com/shop/api":  true,
		"pkg:oci/api?repository_url=registry.example.com/other/api": false,
		"pkg:docker/shop/api@1.4":                                   true,
		"pkg:docker/shop/api@1.5":                                   false,
		"cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*":            false,
		"":                      false,
		"pkg:":                  false,
		"https://example.com/x": false,
		"pkg:docker/shop/api@1.4?repository_url=registry.example.com":          false,
		"pkg:docker/shop/api?repository_url=registry.example.com&tag=" + "1.4": false,
	} {
		i := image()
		x := component{names: []string{name}}
		if got := x.isImage(targetOf(i)) || x.isPackage(i.Vulnerabilities[0].Package); got != want {
			t.Errorf("%q: got %v, want %v", name, got, want)
		}
	}
}

// TestNothingLookedUp holds that statements are not called unused where there
// was nothing to use them on.
func TestNothingLookedUp(t *testing.T) {
	d, err := Read(source.NewFile("v.json", []byte(`{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [
		{"vulnerability": {"name": "CVE-1"}, "products": [{"@id": "x"}], "status": "fixed"}]}`)))
	if err != nil {
		t.Fatal(err)
	}
	if r := Apply([]*Document{d}, []*model.Image{{Name: "shop/api:1.4"}}); len(r.Unused) != 0 {
		t.Errorf("got %d unused, want none", len(r.Unused))
	}
	if r := Apply([]*Document{d}, []*model.Image{{Name: "shop/api:1.4", LookedUp: true}}); len(r.Unused) != 1 {
		t.Errorf("got %d unused, want 1", len(r.Unused))
	}
}

// TestErrors checks that what cannot be read is named with its place.
func TestErrors(t *testing.T) {
	const head = `{"@context": "https://openvex.dev/ns/v0.2.0", "statements": [` + "\n"
	for text, want := range map[string]string{
		"":                   "v:1:1: the document ends too early",
		"[]":                 "v:1:1: no JSON object",
		"nope":               "v:1:2: invalid character 'o' in literal null (expecting 'u')",
		"{}":                 "v:1:1: neither an OpenVEX nor a CycloneDX document",
		`{"statements": {}}`: `v:1:16: "statements" is no list`,
		head + `]`:           "v:2:2: the document ends too early",
		head + `{"vulnerability": "CVE-1", "status": "maybe"}]}`: `v:2:1: status "maybe" is none that VEX knows`,
		head + `{"status": "fixed"}]}`:                           "v:2:1: the statement names no vulnerability",
		head + `{"status": 3}]}`:                                 `v:2:13: "status" is number, which is not expected here`,
		head + `]} x`:                                            "v:2:",
		`{"bomFormat": "CycloneDX", "vulnerabilities": [{"analysis": {"state": "fine"}, "id": "CVE-1"}]}`: `v:1:48: status "fine" is none`,
		`{"bomFormat": "CycloneDX", "vulnerabilities": [{"analysis": {"state": "resolved"}}]}`:            "v:1:48: the analysis is of no vulnerability",
		`{"bomFormat": "CycloneDX"}`:                  "v:1:1: no statement",
		`{"bomFormat": "CycloneDX", "components": 7}`: "v:1:1: components: ",
	} {
		_, err := Read(source.NewFile("v", []byte(text)))
		var syntax *source.SyntaxError
		if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.As(err, &syntax) {
			t.Errorf("%s: got error %v, want %s", text, err, want)
		}
	}
}

// TestNested: components within components are read in time, however deep.
func TestNested(t *testing.T) {
	const depth = 4000
	inner := strings.Repeat(`{"@id": "pkg:npm/a", "subcomponents": [`, depth) + `"` + strings.Repeat("x", 4<<20) + `"` + strings.Repeat("]}", depth)
	text := `{"@context": "https://openvex.dev/ns", "statements": [{"vulnerability": "CVE-2024-1", "status": "fixed", "products": [` + inner + `]}]}`
	begin := time.Now()
	d, err := Read(source.NewFile("v.json", []byte(text)))
	if err != nil || len(d.Statements) != 1 {
		t.Fatalf("got %v and the error %v, want one statement", d, err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("got %v, want at most 20 s on a loaded machine", took)
	}
}

// FuzzRead reads anything and applies it: no panic, and places inside the file.
func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, x := range a.Files {
			f.Add(x.Data)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := source.NewFile("v.json", text)
		d, err := Read(file)
		if err != nil {
			return
		}
		for _, s := range d.Statements {
			if s.Span.Start < 0 || s.Span.End > len(text) || s.Span.Start >= s.Span.End || text[s.Span.Start] != '{' {
				t.Errorf("a statement is at %d to %d of %d bytes", s.Span.Start, s.Span.End, len(text))
			}
			if len(s.Names) == 0 {
				t.Error("a statement has no name")
			}
		}
		i := image()
		r := Apply([]*Document{d}, []*model.Image{i})
		if len(r.Unused)+len(r.Bare) > len(d.Statements) {
			t.Errorf("%d of %d statements are of no use", len(r.Unused)+len(r.Bare), len(d.Statements))
		}
		for _, v := range i.Vulnerabilities {
			if v.Excuse != nil && v.Excuse.Reason == "" {
				t.Error("an excuse has no reason")
			}
		}
	})
}
