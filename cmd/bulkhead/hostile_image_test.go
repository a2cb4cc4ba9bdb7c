//go:build linux

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// jars returns a Java archive within a Java archive, so many times.
func jars(t testing.TB, depth int) string {
	t.Helper()
	inner := []byte("Manifest-Version: 1.0\n")
	name := "META-INF/MANIFEST.MF"
	for i := range depth {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(inner); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		inner, name = out.Bytes(), fmt.Sprintf("inner%d.jar", i)
	}
	return string(inner)
}

// headers returns a layer of entries without content.
func headers(t testing.TB, all ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range all {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	return append(out.Bytes(), make([]byte, 1024)...) // not Close, which wants the content
}

func zipped(t testing.TB, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestHostileImages puts a layer made to do harm between two others: they are
// checked, in bounded time and memory, a second time too, and nothing is
// written but what is kept.
func TestHostileImages(t *testing.T) {
	layers := shopLayers(t)
	var links, same, deep []tar.Header
	for i := range 5000 {
		links = append(links, tar.Header{Name: fmt.Sprintf("l%d", i), Typeflag: tar.TypeLink, Linkname: fmt.Sprintf("l%d", (i+1)%5000), Mode: 0o755})
		same = append(same, tar.Header{Name: "srv/again", Typeflag: tar.TypeReg, Mode: 0o777})
		deep = append(deep, tar.Header{Name: strings.Repeat("d/", 1+i%500) + "../../../../../etc/shadow", Typeflag: tar.TypeReg, Mode: 0o644})
	}
	good := zipped(t, layers[1])
	flipped := bytes.Clone(good)
	for i := len(flipped) / 2; i < len(flipped)-8; i++ {
		flipped[i] ^= 0xa5
	}
	for name, bad := range map[string][]byte{
		"hard links in a circle": headers(t, links...),
		"one name many times":    headers(t, same...),
		"names that lead out":    headers(t, deep...),
		"absurd size":            headers(t, tar.Header{Name: "huge", Typeflag: tar.TypeReg, Size: 1 << 60, Mode: 0o755, Format: tar.FormatGNU}),
		"package of absurd size": headers(t, tar.Header{Name: "app/x.jar", Typeflag: tar.TypeReg, Size: 1 << 40, Mode: 0o644, Format: tar.FormatGNU}),
		"gzip that breaks off":   good[:len(good)/2],
		"gzip with wrong bits":   flipped,
		"no archive":             bytes.Repeat([]byte("what is this? "), 1000),
		"empty":                  {},
		"jars 100 deep":          tarOf(t, "app/x.jar", jars(t, 100)),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "shop.tar"), savedImage(t, [][]byte{layers[0], bad, layers[2]}, layers[0], bad, layers[2]))
			var said []string
			for range 2 {
				code, out := ran(t, dir, "check", "-o", "json", "shop.tar")
				if code != 1 && code != 3 {
					t.Errorf("got exit code %d, want 1 or 3", code)
				}
				if !strings.Contains(out, "srv/first") || !strings.Contains(out, "2 packages") {
					t.Errorf("got %s\nwant the secret of the first layer and the packages of the first and the last", out)
				}
				said = append(said, out)
			}
			if said[0] != said[1] {
				t.Errorf("got %s\nthe second time %s", said[0], said[1])
			}
			bounded(t, dir)
		})
	}
}

// bounded checks what a check costs, and what it leaves behind.
func bounded(t *testing.T, dir string) {
	t.Helper()
	timer, err := exec.LookPath("time") // of a child of this test the system would count what the test itself holds
	if err != nil {
		t.Skip("GNU time is not here:", err)
	}
	cost := filepath.Join(t.TempDir(), "cost")
	cmd := exec.Command(timer, "-q", "-o", cost, "-f", "%M", "bulkhead", "check", "--no-cache", "shop.tar")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+dir, "BULKHEAD_NO_ENGINE=true", "XDG_CACHE_HOME="+filepath.Join(dir, "none"))
	_ = cmd.Run() // its exit code was looked at
	if used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); used > 5*time.Second {
		t.Errorf("got %v of processor time, want at most 5 s", used)
	}
	text, err := os.ReadFile(cost)
	if err != nil {
		t.Fatal(err)
	}
	if held, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || held > 100<<10 {
		t.Errorf("got %q KB of memory, %v, want at most 100 MB", text, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "shop.tar" && e.Name() != "cache" {
			t.Errorf("got %s left behind", e.Name())
		}
	}
}
