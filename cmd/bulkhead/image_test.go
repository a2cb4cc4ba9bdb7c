package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tarOf returns files, by name, as a tar archive.
func tarOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}); err != nil {
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

// savedImage returns an image of layers as docker save writes it. Digests are
// those of the layers as they should be.
func savedImage(t testing.TB, digests [][]byte, layers ...[]byte) []byte {
	t.Helper()
	var diffs, names []string
	var history []map[string]string
	var files []string
	for i, l := range layers {
		diffs = append(diffs, fmt.Sprintf("sha256:%x", sha256.Sum256(digests[i])))
		names = append(names, fmt.Sprintf("%d/layer.tar", i))
		files = append(files, names[i], string(l))
		history = append(history, map[string]string{"created_by": fmt.Sprintf("COPY %d", i)})
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{"User": "10001", "Cmd": []string{"/srv/app"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs}, "history": history,
	})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{"shop:1"}, "Layers": names}})
	if err != nil {
		t.Fatal(err)
	}
	return tarOf(t, append(files, "config.json", string(config), "manifest.json", string(manifest))...)
}

// shopLayers are layers with software, and a secret in each but the last.
func shopLayers(t testing.TB) [][]byte {
	key := func(tail string) string { return "key = AKIA" + tail + "\n" } // made here
	return [][]byte{
		tarOf(t, "etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n", "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n",
			"var/lib/dpkg/status", "Package: libexample\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2-3\n", "srv/first", key("Q3EGB7QZ5WZ2LX4T")),
		tarOf(t, "srv/second", key("ZK5WQ7RTN2X4CVB6"), "srv/padding", strings.Repeat("padding\n", 1000), "srv/third", key("P7RQZK5WTN2X4CVB")),
		tarOf(t, "srv/.wh.first", "", "srv/node_modules/left-pad/package.json", `{"name": "left-pad", "version": "1.0.0"}`),
	}
}

// ran runs bulkhead in a folder and returns its exit code and what it says
// on standard output, without when it ran and how long.
func ran(t testing.TB, dir string, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command("bulkhead", args...) // TestMain puts it there
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(dir, "cache"), "BULKHEAD_NO_ENGINE=true")
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if errs.Len() > 0 {
		t.Logf("bulkhead %s: %s", strings.Join(args, " "), errs.String())
	}
	return cmd.ProcessState.ExitCode(), regexp.MustCompile(`"(started|took_ms)": [^,]*,`).ReplaceAllString(out.String(), "")
}

func write(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// mentions checks which of the files with secrets a report names.
func mentions(t testing.TB, what, report string, want ...string) {
	t.Helper()
	var got []string
	for _, name := range []string{"srv/first", "srv/second", "srv/third"} {
		if strings.Contains(report, name) {
			got = append(got, name)
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s: got secrets in %q, want in %q, of\n%s", what, got, want, report)
	}
}

// TestTwice holds that a check of an image says the same byte for byte,
// whether it is the first, the second or one that keeps nothing, and with all
// that is kept damaged.
func TestTwice(t *testing.T) {
	dir := t.TempDir()
	layers := shopLayers(t)
	write(t, filepath.Join(dir, "shop.tar"), savedImage(t, layers, layers...))
	check := func(flags ...string) string {
		code, out := ran(t, dir, append([]string{"check", "-o", "json", "shop.tar"}, flags...)...)
		if code != 1 {
			t.Errorf("%q: got exit code %d, want 1", flags, code)
		}
		return out
	}
	want := check("--no-cache")
	mentions(t, "without a cache", want, "srv/first", "srv/second", "srv/third")
	kept := func() []string {
		names, err := filepath.Glob(filepath.Join(dir, "cache", "bulkhead", "layers", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if n := len(kept()); n > 0 {
		t.Errorf("got %d records kept with --no-cache", n)
	}
	for _, state := range []string{"cold", "warm", "warm again"} {
		if got := check(); got != want {
			t.Errorf("%s: got %s\nwant %s", state, got, want)
		}
	}
	if len(kept()) < len(layers) {
		t.Errorf("got %q kept, want a record of each of %d layers", kept(), len(layers))
	}
	for _, name := range kept() {
		write(t, name, []byte("this is no record"))
	}
	if got := check(); got != want {
		t.Errorf("damaged records: got %s\nwant %s", got, want)
	}
}

// TestDamagedLayer damages the second of three layers: what comes before the
// damage and all of the others is checked, the report says what is missing,
// and none of it is remembered once the layer is whole.
func TestDamagedLayer(t *testing.T) {
	layers := shopLayers(t)
	second := layers[1]
	head := bytes.Index(second, []byte("srv/third"))
	torn := bytes.Clone(second)
	copy(torn[head:], bytes.Repeat([]byte{0xff}, 512))
	for name, bad := range map[string][]byte{"torn": torn, "cut": second[:head+100]} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "shop.tar"), savedImage(t, layers, layers[0], bad, layers[2]))
			for _, state := range []string{"cold", "warm"} {
				code, out := ran(t, dir, "check", "-o", "json", "shop.tar")
				if code != 3 || !strings.Contains(out, "layer 2") {
					t.Errorf("%s: got exit code %d, want 3 and the layer named, of\n%s", state, code, out)
				}
				mentions(t, state, out, "srv/first", "srv/second")
			}
			write(t, filepath.Join(dir, "shop.tar"), savedImage(t, layers, layers...))
			if code, out := ran(t, dir, "check", "-o", "json", "shop.tar"); code != 1 {
				t.Errorf("whole: got exit code %d, want 1", code)
			} else {
				mentions(t, "whole", out, "srv/first", "srv/second", "srv/third")
			}
		})
	}
}

// TestDamagedDatabase holds that a damaged database costs the vulnerabilities
// alone.
func TestDamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	layers := shopLayers(t)
	write(t, filepath.Join(dir, "shop.tar"), savedImage(t, layers, layers...))
	if err := os.Mkdir(filepath.Join(dir, "advisories"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "advisories", "a.json"), []byte(`{"id": "GHSA-aaaa-bbbb-cccc", "aliases": ["CVE-2024-1111"], "modified": "2026-01-01T00:00:00Z",
 "affected": [{"package": {"ecosystem": "npm", "name": "left-pad"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}]}]}`))
	if code, out := ran(t, dir, "db", "build", "advisories", "-o", "whole.db"); code != 0 {
		t.Fatalf("db build: exit code %d: %s", code, out)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "whole.db"))
	if err != nil {
		t.Fatal(err)
	}
	_, out := ran(t, dir, "check", "-o", "json", "--db", "whole.db", "shop.tar")
	if !strings.Contains(out, "CVE-2024-1111") {
		t.Fatalf("got %s\nwant the advisory of the whole database", out)
	}
	torn := bytes.Clone(whole)
	for i := len(torn) / 3; i < len(torn); i += 7 {
		torn[i] ^= 0x55
	}
	for name, bad := range map[string][]byte{"torn": torn, "cut": whole[:len(whole)/2], "empty": {}, "something else": []byte("SQLite format 3\x00")} {
		write(t, filepath.Join(dir, "bad.db"), bad)
		code, out := ran(t, dir, "check", "-o", "json", "--db", "bad.db", "shop.tar")
		if code != 3 || !strings.Contains(out, "known vulnerabilities") {
			t.Errorf("%s: got exit code %d, want 3 and that it is said, of\n%s", name, code, out)
		}
		mentions(t, name, out, "srv/first", "srv/second", "srv/third")
	}
}

// TestImageConnect holds that an archive is checked and listed without a
// connection to anybody.
func TestImageConnect(t *testing.T) {
	dir := t.TempDir()
	layers := shopLayers(t)
	image := filepath.Join(dir, "shop.tar")
	write(t, image, savedImage(t, layers, layers...))
	t.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	strace := tracer(t)
	for _, args := range [][]string{{"check", "--no-engine", image}, {"sbom", image}, {"check", "--no-engine", "-o", "json", image}} {
		if calls := traced(t, strace, args...); len(calls) > 0 {
			t.Errorf("%q: got connections, want none:\n%s", args, strings.Join(calls, "\n"))
		}
	}
}
