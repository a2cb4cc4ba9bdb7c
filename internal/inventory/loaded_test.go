package inventory

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// loadedFiles are the files of a system with packages of all kinds.
var loadedFiles = map[string]string{
	"var/lib/dpkg/status": strings.Join([]string{
		dpkgParagraph("libssl3"), dpkgParagraph("git"), dpkgParagraph("tzdata"), dpkgParagraph("python3-yaml"),
	}, "\n"),
	"var/lib/dpkg/info/libssl3:amd64.list":                        "/usr/lib/x86_64-linux-gnu/libssl.so.3\n",
	"var/lib/dpkg/info/git.list":                                  "/usr/bin/git\n/usr/share/perl5/Git.pm\n",
	"var/lib/dpkg/info/tzdata.list":                               "/usr/share/zoneinfo/UTC\n",
	"var/lib/dpkg/info/python3-yaml.list":                         "/usr/lib/python3/dist-packages/yaml/__init__.py\n",
	"usr/lib/python3.11/site-packages/numpy-1.dist-info/METADATA": "Name: numpy\nVersion: 1\n",
	"usr/lib/python3.11/site-packages/Flask-2.dist-info/METADATA": "Name: Flask\nVersion: 2\n",
	"app/node_modules/left-pad/package.json":                      `{"name":"left-pad","version":"1.0.0"}`,
	"app/go.mod":                                                  "module shop\nrequire example.com/m v1.2.3\n",
}

func dpkgParagraph(name string) string {
	return "Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"
}

func TestMarkLoaded(t *testing.T) {
	dir := t.TempDir()
	for name, text := range loadedFiles {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree := oci.OpenFolder(dir)
	w, err := oci.Visit(t.Context(), tree, Visitor())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		use  Use
		want map[string]model.State
	}{
		"nothing runs that matters": {
			Use{Mapped: map[string]bool{"app/server": true}},
			map[string]model.State{
				"libssl3": model.Unset, "git": model.Unset, "tzdata": model.Unknown, "python3-yaml": model.Unset,
				"numpy": model.Unset, "Flask": model.Unset, "left-pad": model.Unset, "example.com/m": model.Unknown,
			},
		},
		"Python with a native library, and OpenSSL by its old place": {
			Use{Mapped: map[string]bool{
				"usr/bin/python3.11": true, "lib/x86_64-linux-gnu/libssl.so.3": true,
				"usr/lib/python3.11/site-packages/numpy/core/_multiarray.so": true,
			}},
			map[string]model.State{
				"libssl3": model.Set, "git": model.Unset, "tzdata": model.Unknown, "python3-yaml": model.Unknown,
				"numpy": model.Set, "Flask": model.Unknown, "left-pad": model.Unset, "example.com/m": model.Unknown,
			},
		},
		"Node, Perl, and a file held open": {
			Use{Mapped: map[string]bool{"usr/local/bin/node": true, "usr/bin/perl": true}, Open: map[string]bool{"usr/share/zoneinfo/UTC": true}},
			map[string]model.State{
				"libssl3": model.Unset, "git": model.Unknown, "tzdata": model.Set, "python3-yaml": model.Unset,
				"numpy": model.Unset, "Flask": model.Unset, "left-pad": model.Unknown, "example.com/m": model.Unknown,
			},
		},
		"what nobody may see": {
			Use{Mapped: map[string]bool{"lib/x86_64-linux-gnu/libssl.so.3": true}, Partial: true},
			map[string]model.State{
				"libssl3": model.Set, "git": model.Unknown, "tzdata": model.Unknown, "python3-yaml": model.Unknown,
				"numpy": model.Unknown, "Flask": model.Unknown, "left-pad": model.Unknown, "example.com/m": model.Unknown,
			},
		},
	} {
		inv := Of(tree, w)
		MarkLoaded(w, inv, c.use)
		got := map[string]model.State{}
		for _, p := range inv.Packages {
			got[p.Name] = p.Loaded
		}
		if diff := cmp.Diff(got, c.want); diff != "" {
			t.Errorf("%s: -got +want\n%s", name, diff)
		}
	}
}

func TestInterpreters(t *testing.T) {
	for name, want := range map[string]code{
		"usr/bin/python3.11": python, "usr/lib/libpython3.11.so.1.0": python, "usr/sbin/php-fpm8.2": php,
		"usr/local/bin/node": javaScript, "usr/bin/nodejs": javaScript, "usr/lib/jvm/lib/server/libjvm.so": java,
		"bin/node_exporter": 0, "app/python.py": 0, "usr/bin/perldoc": 0, "usr/share/dotnet/dotnet": dotnet,
	} {
		if got := interpreters(map[string]bool{name: true}); got != want {
			t.Errorf("%s: got %b, want %b", name, got, want)
		}
	}
}

// TestChiselOwns: the manifest of an image cut from packages says whose its files
// are.
func TestChiselOwns(t *testing.T) {
	var text bytes.Buffer
	z, err := zstd.NewWriter(&text)
	if err != nil {
		t.Fatal(err)
	}
	lines := `{"kind":"package","name":"openssl","version":"3.0.13-0ubuntu3","arch":"amd64"}
{"kind":"path","path":"/usr/lib/x86_64-linux-gnu/libssl.so.3","mode":"0644","slices":["openssl_libs"]}
`
	if _, err := z.Write([]byte(lines)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "var/lib/chisel"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "var/lib/chisel/manifest.wall"), text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	tree := oci.OpenFolder(dir)
	w, err := oci.Visit(t.Context(), tree, Visitor())
	if err != nil {
		t.Fatal(err)
	}
	inv := Of(tree, w)
	MarkLoaded(w, inv, Use{Mapped: map[string]bool{"usr/lib/x86_64-linux-gnu/libssl.so.3": true}})
	if len(inv.Packages) != 1 || inv.Packages[0].Loaded != model.Set {
		t.Errorf("got %+v, want openssl, loaded", inv.Packages)
	}
}
