package secret

import (
	"bufio"
	"bytes"
	"encoding/base64"
	hexadecimals "encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shipped reads what dpkg records of the files of its packages: the MD5 of
// each, by path.
func shipped(t testing.TB) map[string][16]byte {
	t.Helper()
	names, _ := filepath.Glob("/var/lib/dpkg/info/*.md5sums")
	out := map[string][16]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		for lines.Scan() {
			digest, path, _ := strings.Cut(lines.Text(), "  ")
			if sum, err := hexadecimals.DecodeString(digest); err == nil && len(sum) == 16 {
				out["/"+path] = [16]byte(sum)
			}
		}
	}
	return out
}

var (
	listPublic = flag.Bool("public", false, "print what public.txt needs for everything certain that is found")
	allFiles   = flag.Bool("all", false, "scan every file of this machine, not a sample")
)

// recorded reads what the packages of Python's own package manager record of
// their files: the SHA-256 of each, by path.
func recorded(t testing.TB) map[string][32]byte {
	t.Helper()
	home, _ := os.UserHomeDir()
	names, _ := filepath.Glob(filepath.Join(home, ".pyenv/versions/*/lib/python*/site-packages/*.dist-info/RECORD"))
	out := map[string][32]byte{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			fields := strings.Split(line, ",")
			digest := strings.TrimPrefix(fields[min(1, len(fields)-1)], "sha256=")
			if sum, err := base64.RawURLEncoding.DecodeString(digest); err == nil && len(sum) == 32 {
				out[filepath.Join(name, "../..", fields[0])] = [32]byte(sum)
			}
		}
	}
	return out
}

// TestPackageContent scans what packages have put on this machine: Debian's,
// the JDK, Node, Go, Python. Nobody's secrets are in there: what is certain
// must be suppressed as public. Go's module cache is counted beside it: it
// holds the test data of programs that find secrets.
func TestPackageContent(t *testing.T) {
	records := shipped(t)
	if len(records) == 0 {
		t.Skip("no package database on this machine")
	}
	s := NewScanner()
	wheels := recorded(t)
	s.Public = func(path string, content *Digests) (string, bool) {
		return "shipped by a package", records[path] == content.MD5 || wheels[path] == content.SHA256
	}
	nth := 10
	if *allFiles {
		nth = 1
	}
	var packages, modules tally
	realFiles(t, nth, func(path string, content []byte) {
		in := &packages
		if strings.Contains(path, "/pkg/mod/") {
			in = &modules
		}
		for _, x := range in.add(s.ScanBytes(path, content)) {
			t.Logf("%s:%d: %s %s (%s) %s", path, x.Line, x.Grade, x.Kind, x.Detector, x.Shown)
			if *listPublic && x.Grade == Certain {
				secret := content[x.Start:x.End]
				if _, body, ok := bytes.Cut(secret, []byte("KEY-----")); ok {
					secret, _ = pemBody(body)
				}
				fmt.Printf("public %s %x\n", path, publicSum(secret))
			}
		}
	})
	t.Logf("packages: %+v", packages)
	t.Logf("module cache: %+v", modules)
	if packages.Certain > 0 {
		t.Errorf("got %d certain secrets in packages, want none", packages.Certain)
	}
	// Measured on 2026-11-21: 8 in 100,000 files.
	if packages.Likely > packages.Files/1000 {
		t.Errorf("got %d likely secrets in %d files of packages, want at most one in 1000", packages.Likely, packages.Files)
	}
}

// A tally counts what scans found.
type tally struct {
	Files, Bytes                        int64
	Certain, Likely, Identifier, Public int64
}

// add counts a result and returns its secrets that are not public.
func (n *tally) add(r Result) []Secret {
	n.Files++
	n.Bytes += r.Size
	leaks := leaksOf(r)
	n.Public += int64(len(r.Secrets) - len(leaks))
	for _, x := range leaks {
		*[]*int64{&n.Identifier, &n.Likely, &n.Certain}[x.Grade]++
	}
	return leaks
}
