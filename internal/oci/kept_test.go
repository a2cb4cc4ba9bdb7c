package oci

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A memory is a store in memory.
type memory struct {
	mu  sync.Mutex
	all map[string][]byte
}

func newMemory() *memory { return &memory{all: map[string][]byte{}} }

func (m *memory) Get(key string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[key]
}

func (m *memory) Put(key string, record []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all[key] = record
}

// looked visits a tree and returns what it found and how many files it read for
// that.
func looked(t *testing.T, tree *Tree, s Store) (string, int) {
	t.Helper()
	var mu sync.Mutex
	read := 0
	if s != nil {
		tree.Remember(s)
	}
	w, err := Visit(t.Context(), tree, Visitor[string]{
		Want: func(e *Entry) Want {
			switch {
			case e.Mode.IsDir() || strings.HasSuffix(e.Name, ".skip"):
				return Skip
			case strings.HasSuffix(e.Name, ".always"):
				return Always
			}
			return Visible
		},
		Read: func(e *Entry, c *Content) string {
			mu.Lock()
			read++
			mu.Unlock()
			text, err := c.ReadAll(1 << 20)
			if err != nil {
				return err.Error()
			}
			return string(text) + e.Target
		},
		Codec: &Codec[string]{
			Encode: func(all []Found[string]) ([]byte, error) {
				values := make([]string, len(all))
				for i, f := range all {
					values[i] = f.Value
				}
				var out bytes.Buffer
				err := gob.NewEncoder(&out).Encode(values)
				return out.Bytes(), err
			},
			Decode: func(record []byte, all []Found[string]) error {
				var values []string
				if err := gob.NewDecoder(bytes.NewReader(record)).Decode(&values); err != nil {
					return err
				}
				for i := range all {
					all[i].Value = values[i]
				}
				return nil
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Close(); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	for _, f := range w.Found {
		fmt.Fprintf(&out, "%+v %q\n", *f.Entry, f.Value)
	}
	fmt.Fprintf(&out, "%+v %+v", w.Layers, w.Notes)
	for _, name := range []string{"a", "d/a", "d/e/b", "b.always", "gone", "d"} {
		fmt.Fprintf(&out, " %s=%t", name, w.Has(name))
	}
	return out.String(), read
}

// layered are the layers of the images the tests of records are about.
func layered(t *testing.T) [][]byte {
	return [][]byte{
		layerOf(t, tarFile{"d/", ""}, tarFile{"d/a", "1"}, tarFile{"d/e/b", "2"}, tarFile{"b.always", "3"}, tarFile{"a", "4"}, tarFile{"a", "5"}),
		layerOf(t, tarFile{".wh.b.always", ""}, tarFile{"d/.wh..wh..opq", ""}, tarFile{"d/n", "-> a"}, tarFile{"gone", "6"}),
		layerOf(t, tarFile{"x.skip", "7"}, tarFile{"y", "=> x.skip"}, tarFile{".wh.gone", ""}, tarFile{"c", "=> c"}),
	}
}

// TestKept holds that a visit that recalls layers finds what one that reads them
// does, and reads only what is behind a hard link.
func TestKept(t *testing.T) {
	for name, open := range forms(t, layered(t)...) {
		t.Run(name, func(t *testing.T) {
			want, all := looked(t, open(), nil)
			s := newMemory()
			first, cold := looked(t, open(), s)
			again, warm := looked(t, open(), s)
			if diff := cmp.Diff(first, want); diff != "" {
				t.Errorf("a visit that keeps: -got +want\n%s", diff)
			}
			if diff := cmp.Diff(again, want); diff != "" {
				t.Errorf("a visit that recalls: -got +want\n%s", diff)
			}
			recalls := len(s.all) > 0 // a stream has no layers before its end
			if cold != all || recalls && warm != 1 || !recalls && warm != all {
				t.Errorf("got %d, %d and %d files read, want %d, %d and 1", all, cold, warm, all, all)
			}
		})
	}
}

// TestShared holds that images with layers in common read them once.
func TestShared(t *testing.T) {
	s := newMemory()
	base := layerOf(t, tarFile{"a", "1"}, tarFile{"b", "2"})
	_, first := looked(t, opened(t, saved(t, base, layerOf(t, tarFile{"c", "3"}))), s)
	got, second := looked(t, opened(t, saved(t, base, layerOf(t, tarFile{"a", "4"}))), s)
	if first != 3 || second != 1 {
		t.Errorf("got %d and %d files read, want 3 and 1", first, second)
	}
	if want, _ := looked(t, opened(t, saved(t, base, layerOf(t, tarFile{"a", "4"}))), nil); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func opened(t *testing.T, archive []byte) *Tree {
	t.Helper()
	tree, err := Open(writeFile(t, archive))
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestLies opens images that claim to have each other's layers: their
// configurations, and the names of their layers, are the same.
func TestLies(t *testing.T) {
	s := newMemory()
	for _, text := range []string{"good", "evil"} {
		got, _ := looked(t, opened(t, saved(t, layerOf(t, tarFile{"a", text}))), s)
		if !strings.Contains(got, `"`+text+`"`) {
			t.Errorf("got %s of the image with %q", got, text)
		}
	}
}

// TestReplaced changes an archive in place, with its size and the time of its
// change as they were.
func TestReplaced(t *testing.T) {
	s := newMemory()
	name := writeFile(t, saved(t, layerOf(t, tarFile{"a", "good"})))
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"good", "evil"} {
		if err := os.WriteFile(name, saved(t, layerOf(t, tarFile{"a", text})), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		tree, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := looked(t, tree, s); !strings.Contains(got, `"`+text+`"`) {
			t.Errorf("got %s of the archive with %q", got, text)
		}
	}
	for key := range s.all {
		if strings.HasPrefix(key, "place") {
			t.Errorf("got %q kept of a file that has just been written, want nothing: it may change again within the tick of a clock", key)
		}
	}
}

// TestPlace holds that a file that has been left alone is hashed once.
func TestPlace(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "go.mod")) // older than two seconds
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if identity(info) == "" {
		t.Skip("this system does not say when a file was changed")
	}
	s := newMemory()
	l := layer{at: f, size: info.Size()}
	first := l.kept(t.Context(), s)
	first.settle(s)
	second := l.kept(t.Context(), s)
	if !first.hashed || second.hashed || first.content != second.content {
		t.Errorf("got hashed %t and %t, %q and %q; want it hashed once, and the same", first.hashed, second.hashed, first.content, second.content)
	}
	l.from, l.size = 1, l.size-1
	if third := l.kept(t.Context(), s); !third.hashed || third.content == first.content {
		t.Errorf("got %+v of another part of the file, want it hashed", third)
	}
}

// TestBadRecords replaces every record by something else: layers are read again.
func TestBadRecords(t *testing.T) {
	open := func() *Tree { return opened(t, saved(t, layered(t)...)) }
	want, all := looked(t, open(), nil)
	good := newMemory()
	looked(t, open(), good)
	var bad [][]byte
	for _, r := range good.all {
		bad = append(bad, nil, []byte{}, r[:len(r)/2], append(bytes.Clone(r[:len(r)/3]), r[len(r)/2:]...), []byte("what is this?"))
	}
	for i, b := range bad {
		s := newMemory()
		maps.Copy(s.all, good.all)
		for key := range s.all {
			s.all[key] = b
		}
		got, read := looked(t, open(), s)
		if got != want || read != all {
			t.Errorf("record %d: got %s from %d files\nwant %s from %d", i, got, read, want, all)
		}
	}
}

// TestDamagedNotKept holds that what was made of a damaged layer is not kept.
func TestDamagedNotKept(t *testing.T) {
	whole := layerOf(t, tarFile{"a", "1"}, tarFile{"b", strings.Repeat("2", 5000)})
	for name, l := range map[string][]byte{"cut": whole[:3000], "cut gzip": gzipped(t, whole)[:60], "changed": append(bytes.Clone(whole[:1024]), bytes.Repeat([]byte("x"), 2048)...)} {
		s := newMemory()
		first, _ := looked(t, opened(t, saved(t, l)), s)
		again, _ := looked(t, opened(t, saved(t, l)), s)
		if first != again || !strings.Contains(first, "Why:") || len(s.all) > 0 {
			t.Errorf("%s: got %s, then %s, with %d records; want the same twice, noted and not kept", name, first, again, len(s.all))
		}
	}
}

// TestPromise reads layers that are not those their image names.
func TestPromise(t *testing.T) {
	plain := layerOf(t, tarFile{"a", "text"})
	other := layerOf(t, tarFile{"a", "TEXT"})
	blob := fmt.Sprintf("blobs/sha256/%x", sha256.Sum256(plain))
	for _, c := range []struct {
		name, layer string
		stored      []byte
		broken      bool
	}{
		{"plain, as promised", "1/layer.tar", plain, false},
		{"plain, another", "1/layer.tar", other, true},
		{"a blob, as promised", blob, plain, false},
		{"a blob, another", blob, other, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := fmt.Sprintf(`{"rootfs":{"diff_ids":["sha256:%x"]}}`, sha256.Sum256(plain))
			if c.layer == blob {
				config = "{}" // its name says it
			}
			manifest := fmt.Sprintf(`[{"Config":"c.json","RepoTags":["a:1"],"Layers":[%q]}]`, c.layer)
			name := filepath.Join(t.TempDir(), "image.tar")
			archive := layerOf(t, tarFile{c.layer, string(c.stored)}, tarFile{"c.json", config}, tarFile{"manifest.json", manifest})
			if err := os.WriteFile(name, archive, 0o600); err != nil {
				t.Fatal(err)
			}
			s := newMemory()
			for _, store := range []Store{nil, s, s} { // the last recalls
				tree, err := Open(name)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := looked(t, tree, store)
				if broken := strings.Contains(got, "not the layer that the image names"); broken != c.broken {
					t.Errorf("got %s, want broken %t", got, c.broken)
				}
			}
		})
	}
}
