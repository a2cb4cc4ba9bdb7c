package contents

import (
	"archive/tar"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/vuln"
)

// layer returns files, by name, as a layer.
func layer(t *testing.T, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		h := &tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// save writes an image of layers as docker save does and returns the file's name.
func save(t *testing.T, layers ...[]byte) string {
	t.Helper()
	return saveAs(t, map[string]any{}, layers...)
}

// saveAs is save with what the image is configured to run.
func saveAs(t *testing.T, run map[string]any, layers ...[]byte) string {
	t.Helper()
	var diffs, names []string
	var history []map[string]string
	files := []string{}
	for i, l := range layers {
		diffs = append(diffs, fmt.Sprintf("sha256:%x", sha256.Sum256(l)))
		name := fmt.Sprintf("%d/layer.tar", i)
		names = append(names, name)
		files = append(files, name, string(l))
		history = append(history, map[string]string{"created_by": fmt.Sprintf("step %d", i+1)})
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": run,
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs}, "history": history,
	})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{"test:1"}, "Layers": names}})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(out, layer(t, append(files, "config.json", string(config), "manifest.json", string(manifest))...), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// key returns something that looks like an AWS access key to everybody who
// does not know that it was made here.
func key(tail string) string { return "AKIA" + tail }

const status = `Package: libexample
Status: install ok installed
Architecture: amd64
Version: 1.2-3
`

const osRelease = "ID=debian\nVERSION_ID=\"12\"\n"

func TestLook(t *testing.T) {
	secretFile := "[default]\naws_access_key_id = " + key("Q3EGRZ2XJ7KLMN5P") + "\n"
	shippedFile := "# a test key that everybody has: " + key("Z7QWERTY2XJKLMN5") + "\n"
	sums := fmt.Sprintf("%x  usr/share/doc/libexample/key\n%x  usr/share/doc/libexample/changed\n", md5.Sum([]byte(shippedFile)), md5.Sum([]byte("as shipped")))
	name := save(t,
		layer(t, "etc/os-release", osRelease, "var/lib/dpkg/status", status,
			"var/lib/dpkg/info/libexample.list", "/usr/share/doc/libexample/key\n",
			"var/lib/dpkg/info/libexample.md5sums", sums,
			"usr/share/doc/libexample/key", shippedFile),
		layer(t, "root/.aws/credentials", secretFile, "app/node_modules/left-pad/package.json", `{"name":"left-pad","version":"1.0.0"}`),
		layer(t, "root/.aws/.wh.credentials", "", "usr/share/doc/libexample/changed", "key "+key("M4RTY7XJQ2KLNWZ5")+"\n"),
	)
	tree, err := oci.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	})
	db := database(t)
	image := &model.Image{Name: "test:1"}
	notes, err := Look(t.Context(), tree, image, db)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notes {
		t.Logf("note: %s: %s", n.What, n.Why)
	}
	if got, want := packages(image.Inventory), "libexample 1.2-3 Debian:12 layer 0, left-pad 1.0.0 npm layer 1"; got != want {
		t.Errorf("packages: got %s, want %s", got, want)
	}
	var found []string
	for _, s := range image.Secrets {
		found = append(found, fmt.Sprintf("%s layer %d deleted %v", s.File, s.Layer, s.Deleted))
	}
	if got, want := strings.Join(found, ", "), "root/.aws/credentials layer 1 deleted true, usr/share/doc/libexample/changed layer 2 deleted false"; got != want {
		t.Errorf("secrets: got %s, want %s", got, want)
	}
	var ids []string
	for _, v := range image.Vulnerabilities {
		ids = append(ids, v.ID+" "+v.Package.Name+" "+v.Fixed)
	}
	if got, want := strings.Join(ids, ", "), "CVE-2024-1111 left-pad 1.0.1"; got != want {
		t.Errorf("vulnerabilities: got %s, want %s", got, want)
	}
	if !strings.Contains(fmt.Sprint(notes), "Debian:12") {
		t.Errorf("notes %v do not say that there is no data on Debian:12", notes)
	}
}

func packages(inv *model.Inventory) string {
	var out []string
	for _, p := range inv.Packages {
		out = append(out, fmt.Sprintf("%s %s %s layer %d", p.Name, p.Version, p.Ecosystem, p.Layer))
	}
	return strings.Join(out, ", ")
}

// database returns a database that knows one flaw of npm's left-pad.
func database(t *testing.T) *vuln.DB {
	t.Helper()
	dir := t.TempDir()
	record := `{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2024-1111"],"modified":"2026-01-01T00:00:00Z",
		"affected":[{"package":{"ecosystem":"npm","name":"left-pad"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.0.1"}]}]}]}`
	if err := os.WriteFile(filepath.Join(dir, "GHSA-aaaa-bbbb-cccc.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "advisories.db")
	if _, err := vuln.Build(t.Context(), dir, out, vuln.Options{Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	db, err := vuln.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
