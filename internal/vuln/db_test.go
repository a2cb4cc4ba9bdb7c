package vuln

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
)

func filesOf(a *txtar.Archive) [][]byte {
	var list [][]byte
	for _, f := range a.Files {
		list = append(list, f.Data)
	}
	return list
}

// bytesOf returns a copy of the file behind a database.
func bytesOf(d *DB) []byte { return bytes.Clone(d.file) }

// exercise opens a file and does everything that can be done with it.
func exercise(t *testing.T, file []byte, packages []*model.Package) error {
	d, err := newDB(file)
	if err != nil {
		return err
	}
	_, err = d.Match(packages)
	return errors.Join(err, d.Verify(t.Context()))
}

// TestDamage changes every byte of a database in turn, and cuts it at every
// length.
func TestDamage(t *testing.T) {
	_, d, packages := scenario(t)
	file := bytesOf(d)
	if err := exercise(t, file, packages); err != nil {
		t.Fatalf("sound file: %v", err)
	}
	for i := range file {
		for _, bit := range []byte{1, 0x80} {
			file[i] ^= bit
			if err := exercise(t, file, packages); !errors.Is(err, ErrFormat) {
				t.Errorf("byte %d changed: got %v, want %v", i, err, ErrFormat)
			}
			file[i] ^= bit
		}
	}
	for n := range file {
		if err := exercise(t, file[:n:n], packages); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut at %d: got %v, want %v", n, err, ErrFormat)
		}
	}
}

// resum makes the checksums of a changed file right again.
func resum(file []byte, h *header) {
	for i, s := range h.sections {
		h.sections[i].crc = crc32.Checksum(file[s.offset:s.offset+s.length], castagnoli())
	}
	h.sum = sha256.Sum256(file[headerLength(len(h.sections)):])
	copy(file, h.encode())
}

// TestForged changes bytes and makes the checksums right again: what then
// reads the content may not trust it.
func TestForged(t *testing.T) {
	_, d, packages := scenario(t)
	file := bytesOf(d)
	start := headerLength(len(d.header.sections))
	for i := start; i < len(file); i++ {
		for _, value := range []byte{0, 0x7f, 0xff, file[i] + 1} {
			before := file[i]
			file[i] = value
			resum(file, d.header)
			_ = exercise(t, file, packages) // some changes are sound; none may panic
			file[i] = before
		}
	}
}

// TestNewerMinor reads a file as a later minor version may write it.
func TestNewerMinor(t *testing.T) {
	_, d, packages := scenario(t)
	want := printed(match(t, d, packages...))
	old := bytesOf(d)
	h := *d.header
	h.minor = 9
	shift := uint64(sectionSize)
	sections := append([]section(nil), h.sections...)
	for i := range sections {
		sections[i].offset += shift
	}
	extra := []byte("of a kind this program does not know")
	h.sections = append(sections, section{kind: 999, offset: uint64(len(old)) + shift, length: uint64(len(extra))})
	h.fileLength = uint64(len(old)) + shift + uint64(len(extra))
	file := append(make([]byte, headerLength(len(h.sections))), old[headerLength(len(d.header.sections)):]...)
	file = append(file, extra...)
	resum(file, &h)
	newer, err := newDB(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := newer.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(printed(match(t, newer, packages...)), want); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
	if got := newer.Info().Minor; got != 9 {
		t.Errorf("got minor %d, want 9", got)
	}
	h.major++
	resum(file, &h)
	if _, err := newDB(file); !errors.Is(err, ErrFormat) {
		t.Errorf("another major version: got %v, want %v", err, ErrFormat)
	}
}

// TestLongerBodies reads an advisory and an entry with more fields than this
// program writes.
func TestLongerBodies(t *testing.T) {
	e := encoder{intern: func(string) uint32 { return 0 }}
	want := advisory{id: "A-1", summary: "s", score: 1.5, level: "low"}
	want.encode(&e)
	var got advisory
	got.decode(&decoder{b: append(e.b, 1, 2, 3), strings: []byte{0}})
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(advisory{})); diff != "" {
		t.Errorf("got -, want +:\n%s", diff)
	}
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: got %v, want %v", err, fs.ErrNotExist)
	}
	for name, content := range map[string]string{"empty": "", "short": magic, "other": string(make([]byte, 4096))} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: got %v, want %v", name, err, ErrFormat)
		}
	}
	if _, err := Open(dir); err == nil {
		t.Error("a folder: got no error, want one")
	}
}

// TestCutWhileOpen cuts the file after it was mapped: what was there is gone,
// and reading it is an error and not the end of the program.
func TestCutWhileOpen(t *testing.T) {
	_, d, packages := scenario(t)
	path := filepath.Join(t.TempDir(), "a.db")
	big := append(bytesOf(d), make([]byte, 1<<20)...) // pages of its own
	h := *d.header
	h.fileLength = uint64(len(big))
	resum(big, &h)
	if err := os.WriteFile(path, big, 0o644); err != nil {
		t.Fatal(err)
	}
	mapped := open(t, path)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := mapped.Match(packages); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v, want %v", err, ErrFormat)
	}
	if err := mapped.Verify(t.Context()); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v, want %v", err, ErrFormat)
	}
}

func FuzzDatabase(f *testing.F) {
	_, d, packages := scenario(f)
	f.Add(bytesOf(d), uint32(0), uint32(0))
	f.Fuzz(func(t *testing.T, file []byte, at, value uint32) {
		if h, err := decodeHeader(file); err == nil && len(file) > 8 {
			binary.LittleEndian.PutUint32(file[uint64(at)%uint64(len(file)-4):], value)
			resum(file, h)
		}
		_ = exercise(t, file, packages)
	})
}

func FuzzRecord(f *testing.F) {
	a, err := txtar.ParseFile("testdata/match.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, b := range filesOf(a) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decode(b)
		if err != nil {
			return
		}
		c := compile(r, func(string) bool { return true })
		if len(c.summary) > maxSummary {
			t.Errorf("summary of %d bytes, want %d at most", len(c.summary), maxSummary)
		}
		for i := range c.entries {
			n := &c.entries[i]
			for _, text := range n.versions {
				v, err := newOrder(n.ecosystem).version(text)
				if in, herr := n.holds(v); err == nil && (!in || herr != nil) {
					t.Errorf("%s is listed: got %v, %v, want true", text, in, herr)
				}
			}
		}
	})
}
