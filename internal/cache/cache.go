// Package cache keeps small records in files, so that what was worked out once
// need not be worked out again.
package cache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Bounds of a cache, in bytes.
const (
	maxTotal  = 256 << 20
	maxRecord = 64 << 20
)

// A Cache is a folder of records. A record is one file, named by the hash of
// its key, put in place by renaming and never changed: there is no lock, and
// whoever reads finds a whole record or none. What cannot be read or written
// is as if it had not been kept.
type Cache struct {
	dir     string
	version string
	total   int64
	grown   atomic.Bool
}

// Open returns the cache in dir, which need not be there. Records are found
// again under the same version only.
func Open(dir, version string) *Cache {
	return &Cache{dir: dir, version: version, total: maxTotal}
}

// Version returns what tells this program from any other build of it: the hash
// of its file.
func Version() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// suffix ends the names of records, and marks what may be removed.
const suffix = ".record"

// file returns where the record of key is.
func (c *Cache) file(key string) string {
	sum := sha256.Sum256([]byte(c.version + "\x00" + key))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:])+suffix)
}

// Get returns the record of key, or nil where there is none that is whole.
func (c *Cache) Get(key string) []byte {
	name := c.file(key)
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() < sha256.Size || info.Size() > maxRecord {
		return nil
	}
	text := make([]byte, info.Size())
	if _, err := io.ReadFull(f, text); err != nil {
		return nil
	}
	record := text[sha256.Size:]
	if sum := seal(name, record); !bytes.Equal(sum[:], text[:sha256.Size]) {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // or it is removed earlier than it might
	return record
}

// seal returns what a record begins with: the hash of its name and its content.
func seal(name string, record []byte) (sum [sha256.Size]byte) {
	h := sha256.New()
	_, _ = io.WriteString(h, filepath.Base(name)) // never fails
	_, _ = h.Write(record)
	h.Sum(sum[:0])
	return sum
}

// Put keeps a record, readable by this user alone.
func (c *Cache) Put(key string, record []byte) {
	if len(record) > maxRecord-sha256.Size {
		return
	}
	if err := c.write(c.file(key), record); err == nil {
		c.grown.Store(true)
	}
}

func (c *Cache) write(name string, record []byte) error {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, "new-*"+suffix) // readable by its owner alone
	if err != nil {
		return err
	}
	sum := seal(name, record)
	_, err = f.Write(sum[:])
	if err == nil {
		_, err = f.Write(record)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // else it is removed as the oldest some day
	}
	return err
}

// Close removes the records used longest ago where the cache has grown beyond
// its bound.
func (c *Cache) Close() error {
	if !c.grown.Swap(false) {
		return nil
	}
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("tidy the cache: %w", err)
	}
	var all []fs.FileInfo
	total := int64(0)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(info.Name(), suffix) {
			continue // it went away, or is not ours
		}
		all = append(all, info)
		total += info.Size()
	}
	slices.SortFunc(all, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, info := range all {
		if total <= c.total {
			break
		}
		if err := os.Remove(filepath.Join(c.dir, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("tidy the cache: %w", err)
		}
		total -= info.Size()
	}
	return nil
}
