package inventory

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folder returns the packages of a project with one file: ecosystem, name,
// version, licence, and whether it is for development.
func folder(t testing.TB, name, text string) []string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	inv, err := Folder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, p := range inv.Packages {
		s := strings.TrimSpace(p.Ecosystem + " " + p.Name + " " + p.Version + " " + p.License)
		if p.Dev {
			s += " dev"
		}
		out = append(out, s)
	}
	for _, n := range inv.Notes {
		out = append(out, n.What+": "+n.Why)
	}
	return out
}

func TestFiles(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{
			"package-lock.json", `{"lockfileVersion":3,"packages":{"":{"name":"app","version":"1.0.0"},
			"node_modules/a":{"version":"1.0.0","license":"MIT"},"node_modules/a/node_modules/@s/b":{"version":"2.0.0","dev":true},
			"node_modules/alias":{"name":"real","version":"3.0.0"},"node_modules/ws":{"resolved":"ws","link":true},"ws":{"version":"1.0.0"}}}`,
			[]string{"npm @s/b 2.0.0 dev", "npm a 1.0.0 MIT", "npm real 3.0.0"},
		},
		{
			"package-lock.json", `{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0","dev":true}}},
			"c":{"version":"npm:real@3.0.0"},"d":{"version":"file:../d"},"e":{"version":"github:x/e#1"}}}`,
			[]string{"npm a 1.0.0", "npm b 2.0.0 dev", "npm d", "npm e", "npm real 3.0.0"},
		},
		{
			"package-lock.json", `{"packages":{"node_modules/a":{},"node_modules/ws":{"link":true}}}`, []string{"npm a"},
		},
		{"package-lock.json", `{"packages":`, []string{"package-lock.json: not read: unexpected end of JSON input"}},
		{
			"yarn.lock", "# yarn lockfile v1\n\n\n\"@s/b@^1.0.0\", \"@s/b@^1.1.0\":\n  version \"1.2.3\"\n  resolved \"https://x\"\n  dependencies:\n    version \"9.9.9\"\n\na@^1:\n  version \"1.0.0\"\n\nx@npm:real@^2:\n  version \"2.0.0\"\n",
			[]string{"npm @s/b 1.2.3", "npm a 1.0.0", "npm real 2.0.0"},
		},
		{
			"yarn.lock", "__metadata:\n  version: 8\n\n\"@s/b@npm:^1.0.0\":\n  version: 1.2.3\n  resolution: \"@s/b@npm:1.2.3\"\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"app@workspace:.\"\n\n\"g@x/g\":\n  version: 1.0.0\n  resolution: \"g@https://x@h/g.git#commit=1\"\n",
			[]string{"npm @s/b 1.2.3", "npm g"},
		},
		{
			"pnpm-lock.yaml", "lockfileVersion: '9.0'\npackages:\n  '@s/b@1.2.3':\n    resolution: {integrity: x}\n  a@1.0.0(react@18.0.0):\n    resolution: {integrity: x}\n  c@file:../c:\n    resolution: {}\n",
			[]string{"npm @s/b 1.2.3", "npm a 1.0.0", "npm c"},
		},
		{
			"pnpm-lock.yaml", "lockfileVersion: 5.4\npackages:\n  /@s/b/1.2.3:\n    dev: true\n  /a/1.0.0_react@18.0.0:\n    dev: false\n",
			[]string{"npm @s/b 1.2.3 dev", "npm a 1.0.0"},
		},
		{
			"bun.lock", "{\n  \"lockfileVersion\": 1,\n  \"packages\": {\n    \"a\": [\"a@1.0.0\", \"\", {}, \"sha512-,]\"],\n    \"@s/b\": [\"@s/b@2.0.0\", \"\",],\n    \"w\": [\"w@workspace:w\"],\n    \"g\": [\"g@git+ssh://git@h/g.git#1\"],\n  },\n}\n",
			[]string{"npm @s/b 2.0.0", "npm a 1.0.0", "npm g"},
		},
		{
			"requirements.txt", "# x\nFlask==2.0.1\nrequests[socks] == 2.31.0 ; python_version > '3' # y\ndjango>=4\nsix==1.16.0 --hash=sha256:abc\nfoo==1.*\n-r other.txt\nbar==1.0 \\\n-e git+https://u:p@h/x.git#egg=edit\nurl @ https://h/u.whl\nprose that is none\n",
			[]string{"PyPI Flask 2.0.1", "PyPI bar 1.0", "PyPI django", "PyPI edit", "PyPI foo", "PyPI requests 2.31.0", "PyPI six 1.16.0", "PyPI url"},
		},
		{
			"poetry.lock", "[[package]]\nname = \"six\"\nversion = \"1.16.0\"\n\n[package.dependencies]\nname = \"not this\"\n\n[[package]]\nname = \"pytest\"\nversion = \"8.0.0\"\ngroups = [\"dev\"]\n\n[metadata]\n",
			[]string{"PyPI pytest 8.0.0 dev", "PyPI six 1.16.0"},
		},
		{
			"uv.lock", "version = 1\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\nsource = { virtual = \".\" }\n[[package]]\nname = \"six\"\nversion = \"1.16.0\"\nsource = { registry = \"https://x\" }\n",
			[]string{"PyPI six 1.16.0"},
		},
		{
			"Pipfile.lock", `{"default":{"six":{"version":"==1.16.0"},"local":{"path":"."}},"develop":{"pytest":{"version":"==8.0.0"},"six":{"version":"==1.16.0"}}}`,
			[]string{"PyPI pytest 8.0.0 dev", "PyPI six 1.16.0"},
		},
		{
			"lib/six-1.16.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nClassifier: License :: OSI Approved :: MIT License\nLicense: UNKNOWN\n\nVersion: 9\n",
			[]string{"PyPI six 1.16.0 MIT License"},
		},
		{
			"Gemfile.lock", "GIT\n  remote: x\n  specs:\n    own (0.1)\n\nGEM\n  remote: https://x\n  specs:\n    nokogiri (1.15.0-x86_64-linux)\n      racc (~> 1.4)\n    rack (2.2.3)\n\nPLATFORMS\n  ruby\n",
			[]string{"RubyGems nokogiri 1.15.0", "RubyGems own", "RubyGems rack 2.2.3"},
		},
		{
			"gems/3.1.0/specifications/rack-2.2.3.gemspec", "Gem::Specification.new do |s|\n  s.name = \"rack\".freeze\n  s.version = \"2.2.3\"\n  s.licenses = [\"MIT\".freeze, \"Ruby\".freeze]\n  s.add_dependency(%q<x>, version = \"9\")\nend\n",
			[]string{"RubyGems rack 2.2.3 MIT OR Ruby"},
		},
		{
			"Cargo.lock", "version = 3\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\nsource = \"registry+https://x\"\n\n[[package]]\nname = \"g\"\nversion = \"0.2.0\"\nsource = \"git+https://x#1\"\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n",
			[]string{"crates.io g", "crates.io serde 1.0.0"},
		},
		{
			"composer.lock", `{"packages":[{"name":"monolog/monolog","version":"v2.0.0","license":["MIT"]},{"name":"own/x","version":"dev-main"}],"packages-dev":[{"name":"phpunit/phpunit","version":"9.0.0"}]}`,
			[]string{"Packagist monolog/monolog 2.0.0 MIT", "Packagist own/x", "Packagist phpunit/phpunit 9.0.0 dev"},
		},
		{
			"vendor/composer/installed.json", `{"packages":[{"name":"a/a","version":"1.0"},{"name":"b/b","version":"2.0"}],"dev-package-names":["b/b"]}`,
			[]string{"Packagist a/a 1.0", "Packagist b/b 2.0 dev"},
		},
		{"vendor/composer/installed.json", `[{"name":"a/a","version":"1.0"}]`, []string{"Packagist a/a 1.0"}},
		{"app.deps.json", `{"libraries":{"app/1.0.0":{"type":"project"},"Newtonsoft.Json/13.0.1":{"type":"package"}}}`, []string{"NuGet Newtonsoft.Json 13.0.1"}},
		{"packages.lock.json", `{"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.0.0"},"own":{"type":"Project"}}}}`, []string{"NuGet A 1.0.0"}},
		{
			"gradle.lockfile", "# x\norg.a:b:1.0=compileClasspath,runtimeClasspath\norg.junit:junit:4.0=testRuntimeClasspath\nempty=\n",
			[]string{"Maven org.a:b 1.0", "Maven org.junit:junit 4.0 dev"},
		},
		{"go.mod", "module x\n\ngo 1.24\n\nrequire (\n\tgolang.org/x/text v0.3.0 // indirect\n)\n", []string{"Go golang.org/x/text v0.3.0"}},
	} {
		got := folder(t, tt.name, tt.text)
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s: -got +want\n%s\n%s", tt.name, diff, tt.text)
		}
	}
}

// zipped packs files up; those that begin with PK are stored, as Spring Boot does.
func zipped(t testing.TB, files ...tarFile) string {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if strings.HasPrefix(f.text, "PK") && !strings.HasPrefix(f.name, "deflated") {
			h.Method = zip.Store
		}
		part, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type tarFile struct{ name, text string }

func TestJava(t *testing.T) {
	pom := func(artifact, version string) tarFile {
		return tarFile{"META-INF/maven/org.x/" + artifact + "/pom.properties", "#x\nversion=" + version + "\ngroupId=org.x\nartifactId=" + artifact + "\n"}
	}
	inner := zipped(t, pom("inner", "1.0"))
	deep := zipped(t, pom("deepest", "1.0"))
	for range 100 {
		deep = zipped(t, tarFile{"lib/x.jar", deep})
	}
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"a.jar", zipped(t, pom("a", "1.2"), pom("shaded", "2.0")), []string{"Maven org.x:a 1.2", "Maven org.x:shaded 2.0"}},
		{"app.war", zipped(t, tarFile{"WEB-INF/lib/inner.jar", inner}, tarFile{"deflated/inner2.jar", inner}), []string{"Maven org.x:inner 1.0"}},
		{"run.jar", "#!/bin/sh\nexec java -jar $0\n" + zipped(t, pom("a", "1.2")), []string{"Maven org.x:a 1.2"}},
		{"guice-4.2.1.jar", zipped(t, tarFile{"META-INF/MANIFEST.MF", "Manifest-Version: 1.0\r\nBundle-SymbolicName: com.google.inject.gu\r\n ice;x\r\n\r\nName: y\r\n"}), []string{"Maven com.google.inject:guice 4.2.1"}},
		{"plain-1.0.jar", zipped(t, tarFile{"a.class", "x"}), []string{"plain 1.0"}},
		{"nothing.jar", zipped(t, tarFile{"a.class", "x"}), []string{}},
		{"deep.jar", deep, []string{"deep.jar: not read: archives are nested deeper than deep.jar" + strings.Repeat("!lib/x.jar", 7)}},
		{"bad.jar", "no zip", []string{"bad.jar: not read: it is no zip archive, or damaged"}},
		{"cut.jar", zipped(t, pom("a", "1.2"))[:100], []string{"cut.jar: not read: it is no zip archive, or damaged"}},
	} {
		got := folder(t, tt.name, tt.text)
		if diff := cmp.Diff(got, tt.want); diff != "" {
			t.Errorf("%s: -got +want\n%s", tt.name, diff)
		}
	}
}

func FuzzFiles(f *testing.F) {
	names := []string{
		"var/lib/dpkg/status", "var/lib/dpkg/info/x.list", "lib/apk/db/installed", "var/lib/rpm/Packages", "var/lib/chisel/manifest.wall",
		"etc/os-release", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "requirements.txt", "poetry.lock", "Pipfile.lock",
		"Gemfile.lock", "Cargo.lock", "composer.lock", "packages.lock.json", "gradle.lockfile", "go.mod", "x.deps.json", "x.jar",
		"a.dist-info/METADATA", "specifications/x.gemspec", "node_modules/x/package.json", "lib/libpython3.11.so.1.0",
	}
	for i := range names {
		f.Add(uint8(i), []byte("Package: a\nVersion: 1\n\nP:a\nV:1\n[[package]]\nname = \"a\"\nversion = \"1\"\n{\"packages\":{}}"))
	}
	f.Add(uint8(3), []byte(ndbMagic+strings.Repeat("\x01\x00\x00\x00", 20)))
	f.Add(uint8(3), []byte(sqliteMagic+"\x10\x00"+strings.Repeat("\x00", 5000)))
	f.Add(uint8(17), []byte("a::1=x\n:b:1=x\n"+strings.Repeat("a\xff", 300)+":b:1=x\na:"+strings.Repeat("b", 600)+":1=x\n"))
	f.Add(uint8(20), []byte(zipped(f, tarFile{"META-INF/MANIFEST.MF", "Implementation-Version: 1\n"})))
	f.Fuzz(func(t *testing.T, n uint8, text []byte) {
		name := names[int(n)%len(names)]
		inv := inventoryOf(t, save(t, layer(t, []string{name}, map[string]string{name: string(text)})))
		for _, p := range inv.Packages {
			if p.Name == "" || p.Layer != 0 || len(p.Locations) == 0 || len(p.Name) > maxField || FromURL(p.PURL) == nil {
				t.Errorf("%s: package %+v has no name, place or package URL", name, p)
			}
		}
	})
}
