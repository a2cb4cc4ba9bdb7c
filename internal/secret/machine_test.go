package secret

import (
	"bufio"
	"bytes"
	hexadecimals "encoding/hex"
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

// TestPackageContent scans what packages have put on this machine. Nobody's
// secrets are in there: what is certain must be suppressed as public.
func TestPackageContent(t *testing.T) {
	if testing.Short() {
		t.Skip("reads gigabytes")
	}
	records := shipped(t)
	if len(records) == 0 {
		t.Skip("no package database on this machine")
	}
	s := NewScanner()
	s.Public = func(path string, content *Digests) (string, bool) {
		return "shipped by a package", records[path] == content.MD5
	}
	var files, size, public int
	grades := map[Grade]int{}
	realFiles(t, 1, func(path string, content []byte) {
		files++
		size += len(content)
		res := s.ScanBytes(path, content)
		for _, x := range res.Secrets {
			if x.Public != "" {
				public++
				continue
			}
			grades[x.Grade]++
			if x.Grade == Certain || os.Getenv("SHOW") == x.Grade.String() {
				t.Logf("%s:%d: %s %s (%s) %s", path, x.Line, x.Grade, x.Kind, x.Detector, x.Shown)
			}
		}
	})
	t.Logf("%d files, %d bytes: %d certain, %d likely, %d identifiers, %d public", files, size, grades[Certain], grades[Likely], grades[Identifier], public)
}
