package inventory

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// image packs layers, each a txtar archive, up as docker save does. The files
// in the folders bin and sbin are executable.
func image(t testing.TB, layers ...string) string {
	t.Helper()
	var all [][]byte
	for _, l := range layers {
		files := map[string]string{}
		var order []string
		for _, f := range txtar.Parse([]byte(l)).Files {
			files[f.Name] = string(f.Data)
			order = append(order, f.Name)
		}
		all = append(all, layer(t, order, files))
	}
	return save(t, all...)
}

func layer(t testing.TB, order []string, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range order {
		mode := int64(0o644)
		if strings.Contains(name, "bin/") {
			mode = 0o755
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(files[name])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// save writes an archive with layers and returns its name.
func save(t testing.TB, layers ...[]byte) string {
	t.Helper()
	var config struct {
		Architecture string `json:"architecture"`
		OS           string `json:"os"`
		RootFS       struct {
			Type    string   `json:"type"`
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	config.Architecture, config.OS, config.RootFS.Type = runtime.GOARCH, "linux", "layers"
	files, names, order := map[string]string{}, []string{}, []string{}
	for i, l := range layers {
		name := fmt.Sprintf("%d/layer.tar", i)
		files[name] = string(l)
		names, order = append(names, name), append(order, name)
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, fmt.Sprintf("sha256:%x", sha256.Sum256(l)))
	}
	text, _ := json.Marshal(config)
	files["c.json"] = string(text)
	text, _ = json.Marshal([]map[string]any{{"Config": "c.json", "RepoTags": []string{"shop:1"}, "Layers": names}})
	files["manifest.json"] = string(text)
	name := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(name, layer(t, append(order, "c.json", "manifest.json"), files), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// inventoryOf returns the inventory of an archive.
func inventoryOf(t testing.TB, name string) *model.Inventory {
	t.Helper()
	tree, err := oci.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := Scan(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Error(err)
	}
	return inv
}

// lines prints packages, one a line.
func lines(packages []*model.Package) []string {
	out := []string{}
	for _, p := range packages {
		s := fmt.Sprintf("%d %s %s %s %s", p.Layer, p.Ecosystem, p.Name, p.Version, p.PURL)
		for _, extra := range [][2]string{{"source", strings.TrimSpace(p.Source + " " + p.SourceVersion)}, {"license", p.License}, {"owner", p.Owner}} {
			if extra[1] != "" {
				s += " " + extra[0] + "=" + extra[1]
			}
		}
		if p.Dev {
			s += " dev"
		}
		out = append(out, s)
	}
	return out
}

const debian = `-- etc/os-release --
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
ID=debian
VERSION_ID="12"
VERSION_CODENAME=bookworm
`

func TestImages(t *testing.T) {
	const dash = "-- var/lib/dpkg/status --\nPackage: dash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 0.5.12-2\n\n"
	for _, tt := range []struct {
		name   string
		layers []string
		want   []string
		note   string
	}{
		{"dpkg", []string{debian + dash + `Package: libssl3
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: openssl (3.0.11-1~deb12u2)
Version: 3.0.11-1~deb12u2+b1
Description: toolkit
 Version: not this

Package: gone
Status: deinstall ok config-files
Version: 1:1

Package: half
Status: install ok half-configured
Architecture: all
Version: 1:2.0+x
Source: whole
`}, []string{
			"0 Debian:12 dash 0.5.12-2 pkg:deb/debian/dash@0.5.12-2?arch=amd64&distro=debian-12",
			"0 Debian:12 half 1:2.0+x pkg:deb/debian/half@1:2.0%2Bx?arch=all&distro=debian-12 source=whole",
			"0 Debian:12 libssl3 3.0.11-1~deb12u2+b1 pkg:deb/debian/libssl3@3.0.11-1~deb12u2%2Bb1?arch=amd64&distro=debian-12 source=openssl 3.0.11-1~deb12u2",
		}, ""},
		{"the layer a package came with", []string{debian + dash, dash + "Package: jq\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.6-2\n", strings.ReplaceAll(dash, "0.5.12-2", "0.5.12-3") + "Package: jq\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.6-2\n"}, []string{
			"1 Debian:12 jq 1.6-2 pkg:deb/debian/jq@1.6-2?arch=amd64&distro=debian-12",
			"2 Debian:12 dash 0.5.12-3 pkg:deb/debian/dash@0.5.12-3?arch=amd64&distro=debian-12",
		}, ""},
		{"distroless", []string{debian + `-- var/lib/dpkg/status.d/base --
Package: base-files
Architecture: amd64
Version: 12.4+deb12u5
-- var/lib/dpkg/status.d/base.md5sums --
0123456789abcdef0123456789abcdef  usr/lib/os-release
`}, []string{"0 Debian:12 base-files 12.4+deb12u5 pkg:deb/debian/base-files@12.4%2Bdeb12u5?arch=amd64&distro=debian-12"}, ""},
		{"alpine", []string{`-- usr/lib/os-release --
ID=alpine
VERSION_ID=3.22.1
-- lib/apk/db/installed --
C:Q1abc=
P:musl
V:1.2.5-r10
A:x86_64
L:MIT
o:musl
F:lib
R:ld-musl-x86_64.so.1

P:ssl_client
V:1.37.0-r18
A:x86_64
L:GPL-2.0-only
o:busybox
F:usr/bin
`}, []string{
			"0 Alpine:v3.22 musl 1.2.5-r10 pkg:apk/alpine/musl@1.2.5-r10?arch=x86_64&distro=alpine-3.22.1 license=MIT",
			"0 Alpine:v3.22 ssl_client 1.37.0-r18 pkg:apk/alpine/ssl_client@1.37.0-r18?arch=x86_64&distro=alpine-3.22.1 source=busybox license=GPL-2.0-only",
		}, ""},
		{
			"no package database",
			[]string{"-- app/node_modules/@a/b/package.json --\n{\"name\":\"@a/b\",\"version\":\"1.0.0\",\"license\":\"ISC\"}\n"},
			[]string{"0 npm @a/b 1.0.0 pkg:npm/%40a/b@1.0.0 license=ISC"},
			"no package database found",
		},
		{"nothing at all", []string{"-- app/x --\n"}, []string{}, "no other software found"},
		{"owned by a distribution's package", []string{debian + dash + `-- var/lib/dpkg/info/node-x.list --
/.
/usr/share/nodejs/npm/node_modules/x/package.json
/lib/python3/dist-packages/six-1.16.0.egg-info
-- usr/share/nodejs/npm/node_modules/x/package.json --
{"name":"x","version":"1.0.0"}
-- usr/lib/python3/dist-packages/six-1.16.0.egg-info --
Metadata-Version: 1.2
Name: six
Version: 1.16.0
License: MIT

Name: not this
-- usr/local/lib/node_modules/y/package.json --
{"name":"y","version":"2.0.0","licenses":[{"type":"MIT"},{"type":"GPL-2.0"}]}
`}, []string{
			"0 Debian:12 dash 0.5.12-2 pkg:deb/debian/dash@0.5.12-2?arch=amd64&distro=debian-12",
			"0 PyPI six 1.16.0 pkg:pypi/six@1.16.0 license=MIT owner=node-x",
			"0 npm x 1.0.0 pkg:npm/x@1.0.0 owner=node-x",
			"0 npm y 2.0.0 pkg:npm/y@2.0.0 license=MIT OR GPL-2.0",
		}, ""},
		{"nested package.json and locks beside what is installed", []string{debian + dash + `-- app/package.json --
{"name":"app","version":"1.0.0"}
-- app/package-lock.json --
{"packages":{"node_modules/x":{"version":"1.0.0"},"node_modules/jest":{"version":"9.0.0","dev":true}}}
-- app/node_modules/x/package.json --
{"name":"x","version":"1.0.0"}
-- app/node_modules/x/dist/esm/package.json --
{"type":"module","name":"z","version":"3"}
-- app/requirements.txt --
flask==2.0.1
`}, []string{
			"0 Debian:12 dash 0.5.12-2 pkg:deb/debian/dash@0.5.12-2?arch=amd64&distro=debian-12",
			"0 PyPI flask 2.0.1 pkg:pypi/flask@2.0.1",
			"0 npm x 1.0.0 pkg:npm/x@1.0.0",
		}, ""},
		{
			"broken database",
			[]string{debian + dash, "-- var/lib/rpm/Packages --\nthis is no database, but it is long enough to be looked at as if it were one" + strings.Repeat(" x", 300) + "\n"},
			[]string{"0 Debian:12 dash 0.5.12-2 pkg:deb/debian/dash@0.5.12-2?arch=amd64&distro=debian-12"},
			"no format that rpm uses",
		},
		{"deleted database", []string{debian + dash, "-- var/lib/dpkg/.wh.status --\n-- var/lib/x --\n"}, []string{}, "no package database"},
		{"deleted folder", []string{"-- app/node_modules/x/package.json --\n{\"name\":\"x\",\"version\":\"1.0.0\"}\n", "-- app/.wh.node_modules --\n"}, []string{}, "no package database"},
	} {
		inv := inventoryOf(t, image(t, tt.layers...))
		if diff := cmp.Diff(lines(inv.Packages), tt.want); diff != "" {
			t.Errorf("%s: -got +want\n%s", tt.name, diff)
		}
		switch {
		case tt.note == "" && len(inv.Notes) > 0:
			t.Errorf("%s: notes %v, want none", tt.name, inv.Notes)
		case tt.note != "" && (len(inv.Notes) != 1 || !strings.Contains(inv.Notes[0].Why, tt.note)):
			t.Errorf("%s: notes %v, want one with %q", tt.name, inv.Notes, tt.note)
		}
	}
}

func TestEcosystemOf(t *testing.T) {
	for _, tt := range []struct{ id, version, codename, name, want string }{
		{"debian", "12", "", "", "Debian:12"},
		{"debian", "", "forky", "Debian GNU/Linux forky/sid", "Debian:14"},
		{"debian", "", "", "", "Debian"},
		{"ubuntu", "24.04", "", "Ubuntu 24.04.1 LTS", "Ubuntu:24.04:LTS"},
		{"ubuntu", "24.10", "", "Ubuntu 24.10", "Ubuntu:24.10"},
		{"alpine", "3.22.1", "", "", "Alpine:v3.22"},
		{"alpine", "3.23.0_alpha20250612", "", "Alpine Linux edge", "Alpine"},
		{"wolfi", "20230201", "", "", "Wolfi"},
		{"rocky", "9.4", "", "", "Rocky Linux:9"},
		{"almalinux", "9.4", "", "", "AlmaLinux:9"},
		{"rhel", "9.4", "", "", "Red Hat:enterprise_linux:9"},
		{"opensuse-leap", "15.6", "", "", "openSUSE:Leap 15.6"},
		{"sles", "15.6", "", "", "SUSE:Linux Enterprise Server 15 SP6"},
		{"openEuler", "24.03", "", "openEuler 24.03 (LTS-SP1)", "openEuler:24.03-LTS-SP1"},
		{"amzn", "2023", "", "", ""},
		{"", "", "", "", ""},
	} {
		got := EcosystemOf(model.OSRelease{ID: tt.id, VersionID: tt.version, Codename: tt.codename, Name: tt.name})
		if got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.id, tt.version, got, tt.want)
		}
	}
}

func TestFromURL(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"pkg:deb/debian/libssl3@3.0.11-1~deb12u2%2Bb1?arch=amd64&distro=debian-12&upstream=openssl%403.0.11-1", "Debian:12 libssl3 3.0.11-1~deb12u2+b1 openssl 3.0.11-1"},
		{"pkg:deb/ubuntu/bash@5.2?distro=ubuntu-24.04", "Ubuntu:24.04:LTS bash 5.2  "},
		{"pkg:rpm/redhat/bash@5.1.8-6.el9?arch=x86_64&epoch=1&distro=rhel-9.4&upstream=bash-5.1.8-6.el9.src.rpm", "Red Hat:enterprise_linux:9 bash 1:5.1.8-6.el9 bash 1:5.1.8-6.el9"},
		{"pkg:npm/%40babel/core@7.0.0", "npm @babel/core 7.0.0  "},
		{"pkg:npm/@babel/core", "npm @babel/core   "},
		{"pkg:golang/github.com/gorilla/context@v1.2.3#api", "Go github.com/gorilla/context v1.2.3  "},
		{"pkg:maven/org.apache.commons/io@1.3.4", "Maven org.apache.commons:io 1.3.4  "},
		{"pkg:pypi/django-package@1.11.1.dev1", "PyPI django-package 1.11.1.dev1  "},
		{"pkg:generic/nginx@1.27.0", " nginx 1.27.0  "},
		{"pkg:npm", ""},
		{"http://x", ""},
		{"", ""},
	} {
		got := ""
		if p := FromURL(tt.url); p != nil {
			got = fmt.Sprintf("%s %s %s %s %s", p.Ecosystem, p.Name, p.Version, p.Source, p.SourceVersion)
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.url, got, tt.want)
		}
	}
}
