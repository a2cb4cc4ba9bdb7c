package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// files returns the files of a cache.
func files(t *testing.T, c *Cache) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestCache(t *testing.T) {
	c := Open(filepath.Join(t.TempDir(), "some", "where"), "1")
	if got := c.Get("a"); got != nil {
		t.Errorf("got %q of an empty cache, want nothing", got)
	}
	c.Put("a", []byte("first"))
	c.Put("a", []byte("second"))
	c.Put("b", nil)
	if got := string(c.Get("a")); got != "second" {
		t.Errorf("got %q, want what was put last", got)
	}
	if got := c.Get("b"); got == nil || len(got) != 0 {
		t.Errorf("got %v, want an empty record", got)
	}
	if got := Open(c.dir, "2").Get("a"); got != nil {
		t.Errorf("got %q under another version, want nothing", got)
	}
	for _, name := range append(files(t, c), c.dir) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("got mode %v of %s, want nobody else to read it", info.Mode(), name)
		}
	}
}

// TestDamaged changes every byte of a record, cuts it everywhere, and puts it
// in another's place: none of it is taken for a record.
func TestDamaged(t *testing.T) {
	c := Open(t.TempDir(), "1")
	c.Put("a", []byte("what was worked out"))
	name := c.file("a")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what, name, key string, text []byte) {
		t.Helper()
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := c.Get(key); got != nil {
			t.Errorf("%s: got %q, want nothing", what, got)
		}
	}
	for i := range whole {
		text := append([]byte(nil), whole...)
		text[i] ^= 0x20
		try(fmt.Sprintf("byte %d changed", i), name, "a", text)
		try(fmt.Sprintf("cut at %d", i), name, "a", whole[:i])
	}
	try("another's", c.file("b"), "b", whole)
	c.Put("a", []byte("again"))
	if got := string(c.Get("a")); got != "again" {
		t.Errorf("got %q, want the record that replaces the damaged one", got)
	}
}

// TestBound fills a cache beyond its bound: what was used longest ago goes, and
// nothing that is not the cache's own.
func TestBound(t *testing.T) {
	c := Open(t.TempDir(), "1")
	c.total = 3000
	foreign := filepath.Join(c.dir, "README")
	if err := os.WriteFile(foreign, make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		key := fmt.Sprint(i)
		c.Put(key, make([]byte, 900))
		old := time.Now().Add(time.Duration(i-10) * time.Hour)
		if err := os.Chtimes(c.file(key), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if c.Get("0") == nil { // which makes it the youngest
		t.Fatal("the first record is not there")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"0": true, "1": false, "2": true, "3": true} {
		if got := c.Get(key) != nil; got != want {
			t.Errorf("record %s: got kept %t, want %t", key, got, want)
		}
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error("a file that is not the cache's is gone:", err)
	}
}

// TestTogether has many write and read the same records at once.
func TestTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			c := Open(dir, "1")
			for i := range 50 {
				key := fmt.Sprint(i % 5)
				if got := c.Get(key); got != nil && string(got) != "record "+key {
					t.Errorf("got %q of key %s", got, key)
				}
				c.Put(key, []byte("record "+key))
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(files(t, Open(dir, "1"))); got != 5 {
		t.Errorf("got %d files, want 5", got)
	}
}

// TestNowhere holds that a cache that cannot be written is no error.
func TestNowhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := Open(filepath.Join(file, "cache"), "1")
	c.Put("a", []byte("x"))
	if got := c.Get("a"); got != nil {
		t.Errorf("got %q, want nothing", got)
	}
	if err := c.Close(); err != nil {
		t.Errorf("got %v, want no error where nothing was kept", err)
	}
}

func TestVersion(t *testing.T) {
	v, err := Version()
	if err != nil || len(v) != 64 {
		t.Errorf("got %q, %v, want the hash of this program", v, err)
	}
}
