package contents

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/cache"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// said returns all that is told of an archive, as JSON.
func said(t *testing.T, archive string, s oci.Store) string {
	t.Helper()
	tree, err := oci.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	if s != nil {
		tree.Remember(s)
	}
	image := &model.Image{Name: "test:1"}
	notes, err := Look(t.Context(), tree, image, database(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Error(err)
	}
	inv := image.Inventory
	var layers []string
	for _, l := range inv.Layers {
		layers = append(layers, fmt.Sprintf("%s, %d bytes, %s", l.DiffID, l.Size, l.History))
	}
	text, err := json.MarshalIndent(map[string]any{
		"os": inv.OS, "layers": layers, "packages": inv.Packages, "unread": inv.Notes, "vulnerabilities": image.Vulnerabilities, "secrets": image.Secrets, "contents": image.Contents, "notes": notes,
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// packed compresses a layer.
func packed(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What nobody but its owner may read, made here.
const (
	passwordHash = "$6$c2FsdHNhbHQ$abcdefghijklmnopqrstuvwxyz"
	accessTail   = "Q3EGB7QZ5WZ2LX4T"
)

// kinds are the layers of an image that has some of everything that is kept.
func kinds(t *testing.T) [][]byte {
	shipped := "key = " + key("ZK5WQ7RTN2X4CVB6")
	large := strings.Repeat("no secret is here\n", 40_000) + "key = " + key("P7RQZK5WTN2X4CVB") + "\n"
	sums := ""
	for name, text := range map[string]string{"usr/share/doc/example": shipped, "usr/share/doc/large": large} {
		sums += fmt.Sprintf("%x  %s\n", md5.Sum([]byte(text)), name)
	}
	return [][]byte{
		items(t,
			item{name: "etc/os-release", mode: 0o644, text: osRelease},
			item{name: "etc/passwd", mode: 0o644, text: "root:x:0:0:root:/root:/bin/sh\nopen::5:5::/:/bin/sh\nold:" + passwordHash + ":6:6::/:/bin/sh\n"},
			item{name: "etc/shadow", mode: 0o600, text: "root:" + passwordHash + ":19000:0:99999:7:::\nopen::19000:0:99999:7:::\n"},
			item{name: "var/lib/dpkg/status", mode: 0o644, text: status},
			item{name: "var/lib/dpkg/info/libexample.list", mode: 0o644, text: "/usr/lib/libexample.so\n/usr/share/doc/example\n"},
			item{name: "var/lib/dpkg/info/libexample.md5sums", mode: 0o644, text: sums},
			item{name: "usr/share/doc/example", mode: 0o644, text: shipped},
			item{name: "usr/share/doc/large", mode: 0o644, text: large},
			item{name: "usr/bin/app", mode: 0o4755, text: elfProgram("/lib/ld.so")},
			item{name: "usr/bin/gcc-12", mode: 0o755, text: elfProgram("")},
			item{name: "lib/ld.so", mode: 0o755, text: elfProgram("")},
			item{name: "var/cache/apt/pkgcache.bin", mode: 0o644, text: "x"},
			item{name: "srv/node_modules/left-pad/package.json", mode: 0o644, text: `{"name": "left-pad", "version": "1.0.0", "license": "MIT"}`},
			item{name: "srv/node_modules/broken/package.json", mode: 0o644, text: `{"name": `},
		),
		items(t,
			item{name: "root/aws", mode: 0o600, text: "a\nkey = " + key(accessTail)},
			item{name: "data/", mode: 0o777},
			item{name: "usr/sbin/app", to: "../bin/app"},
		),
		items(t, item{name: "root/.wh.aws"}, item{name: "root/again", mode: 0o600, text: "key = " + key(accessTail)}),
	}
}

// TestKept holds that what is told of an image does not depend on what is kept,
// and that no secret is.
func TestKept(t *testing.T) {
	run := map[string]any{"Cmd": []string{"/usr/sbin/app"}}
	layers := kinds(t)
	var compressed [][]byte
	for _, l := range layers {
		compressed = append(compressed, packed(t, l))
	}
	for name, archive := range map[string]string{"plain": saveAs(t, run, layers...), "compressed": saveAs(t, run, compressed...)} {
		t.Run(name, func(t *testing.T) {
			want := said(t, archive, nil)
			for _, part := range []string{"libexample", "left-pad", "root/aws", `"EmptyPassword": true`, `"NoInterpreter": false`, "usr/bin/gcc-12", "broken/package.json", "apt's cache"} {
				if !strings.Contains(want, part) {
					t.Errorf("got %s\nwant something with %q", want, part)
				}
			}
			if n := strings.Count(want, `"Shown"`); n != 1 {
				t.Errorf("got %d secrets, want one: the others a package brought", n)
			}
			dir := t.TempDir()
			base := saveAs(t, run, layers[0])
			said(t, base, cache.Open(dir, "1")) // one layer is known before
			for _, state := range []string{"cold", "warm", "warm again"} {
				if diff := cmp.Diff(said(t, archive, cache.Open(dir, "1")), want); diff != "" {
					t.Errorf("%s: -got +want\n%s", state, diff)
				}
			}
			kept := records(t, dir)
			for _, secret := range []string{passwordHash, passwordHash[12:], key(accessTail), accessTail, accessTail[4:], "ZK5WQ7RTN2X4CVB6"} {
				if bytes.Contains(kept, []byte(secret)) {
					t.Errorf("%q is kept", secret)
				}
			}
			if !bytes.Contains(kept, []byte("root/aws")) {
				t.Error("the place of a secret is not kept, so nothing was tested")
			}
		})
	}
}

// records returns the content of all files of a cache.
func records(t *testing.T, dir string) []byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text...)
	}
	return out
}

// TestOtherProgram holds that what another build of the program has kept is not
// taken.
func TestOtherProgram(t *testing.T) {
	dir := t.TempDir()
	archive := saveAs(t, nil, kinds(t)...)
	said(t, archive, cache.Open(dir, "1"))
	before := len(records(t, dir))
	said(t, archive, cache.Open(dir, "1"))
	same := len(records(t, dir))
	said(t, archive, cache.Open(dir, "2"))
	if other := len(records(t, dir)); same != before || other <= before {
		t.Errorf("got %d bytes kept, %d after the same program, %d after another; want as many, and more", before, same, other)
	}
}
