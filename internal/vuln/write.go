package vuln

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// write puts the database together under a temporary name and renames it.
func (b *builder) write(ctx context.Context, out string, now time.Time) (stats Stats, err error) {
	f, err := os.CreateTemp(filepath.Dir(out), ".bulkhead-*")
	if err != nil {
		return Stats{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	b.order()
	w := newFileWriter(f, now)
	if err := b.writeSections(ctx, w); err != nil {
		return Stats{}, err
	}
	if err := w.finish(); err != nil {
		return Stats{}, err
	}
	if err := errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return Stats{}, err
	}
	if err := os.Rename(f.Name(), out); err != nil {
		return Stats{}, err
	}
	b.stats.Major, b.stats.Minor, b.stats.Size = major, minor, int64(w.at)
	b.stats.SHA256, b.stats.Built = fmt.Sprintf("%x", w.header.sum), time.Unix(w.header.built, 0).UTC()
	if err := f.Close(); err != nil {
		return Stats{}, fmt.Errorf("close %s: %w", out, err)
	}
	return b.stats, nil
}

// writeSections writes everything behind the header. The strings come last,
// because the others refer to them; the meta section before, because it
// counts what the others hold.
func (b *builder) writeSections(ctx context.Context, w *fileWriter) error {
	notes, err := b.notes.content()
	if err != nil {
		return err
	}
	if err := w.section(sectionAdvisories, notes); err != nil {
		return err
	}
	keys, err := b.writeEntries(ctx, w)
	if err != nil {
		return err
	}
	if err := w.section(sectionKeys, bytes.NewReader(keys)); err != nil {
		return err
	}
	if err := w.section(sectionCVEs, bytes.NewReader(b.cveRows())); err != nil {
		return err
	}
	if err := w.section(sectionDays, bytes.NewReader(b.dayRows())); err != nil {
		return err
	}
	meta, err := json.Marshal(b.stats.Info)
	if err != nil {
		return err
	}
	if err := w.section(sectionMeta, bytes.NewReader(meta)); err != nil {
		return err
	}
	texts, err := b.strings.spool.content()
	if err := errors.Join(b.strings.err, err); err != nil {
		return err
	}
	return w.section(sectionStrings, texts)
}

// writeEntries writes the entries by package, and returns the rows of the
// packages.
func (b *builder) writeEntries(ctx context.Context, w *fileWriter) (keys []byte, err error) {
	bodies, err := b.bodies.content()
	if err != nil {
		return nil, err
	}
	var offset uint64
	w.begin(sectionEntries)
	le := binary.LittleEndian
	for i := 0; i < len(b.items); {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		first := i
		var length uint64
		for ; i < len(b.items) && b.items[i].key == b.items[first].key; i++ {
			part := io.NewSectionReader(bodies, b.items[i].offset, int64(b.items[i].length))
			if _, err := io.Copy(w, part); err != nil {
				return nil, err
			}
			length += uint64(b.items[i].length)
		}
		if offset+length > math.MaxUint32 {
			return nil, errors.New("more advisories than a database holds")
		}
		name := b.names[b.items[first].key]
		b.tally(name[0], i-first)
		keys = le.AppendUint32(keys, b.strings.ref(name[0]))
		keys = le.AppendUint32(keys, b.strings.ref(name[1]))
		keys = le.AppendUint32(keys, uint32(offset))
		keys = le.AppendUint32(keys, uint32(length))
		offset += length
	}
	w.end()
	return keys, nil
}

// tally counts a package. They come in the order of ecosystems.
func (b *builder) tally(ecosystem string, advisories int) {
	list := b.stats.Ecosystems
	if len(list) == 0 || list[len(list)-1].Name != ecosystem {
		list = append(list, Count{Name: ecosystem})
	}
	last := &list[len(list)-1]
	last.Packages++
	last.Advisories += advisories
	b.stats.Ecosystems = list
}

// cveRows returns the table of the CVEs about which anything is known.
func (b *builder) cveRows() []byte {
	var rows []byte
	for _, id := range slices.Sorted(maps.Keys(b.cves)) {
		row := b.cves[id]
		if row.vector == 0 && row.epss == 0 && !row.exploit {
			continue
		}
		rows = encodeCVE(rows, id, row.vector, cveFact{epss: float64(row.epss), exploited: row.exploit})
	}
	return rows
}

// dayRows returns the table of the days CVEs were listed as exploited.
func (b *builder) dayRows() []byte {
	var rows []byte
	for _, id := range slices.Sorted(maps.Keys(b.cves)) {
		if day := b.cves[id].listed; !day.IsZero() {
			rows = encodeListed(rows, id, day)
		}
	}
	return rows
}

// A fileWriter writes sections and sums them up.
type fileWriter struct {
	f      *os.File
	w      *bufio.Writer
	at     uint64
	sum    hash.Hash
	crc    hash.Hash32
	header header
}

const sectionCount = 7

func newFileWriter(f *os.File, now time.Time) *fileWriter {
	w := &fileWriter{f: f, w: bufio.NewWriterSize(f, 1<<18), sum: sha256.New(), crc: crc32.New(castagnoli())}
	w.header = header{major: major, minor: minor, built: now.Unix()}
	w.at = uint64(headerLength(sectionCount))
	_, _ = w.w.Write(make([]byte, w.at)) // the error comes with the next write
	return w
}

// Write adds to the section that was begun.
func (w *fileWriter) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	w.at += uint64(n)
	w.sum.Write(b[:n])
	w.crc.Write(b[:n])
	return n, err
}

func (w *fileWriter) begin(kind sectionKind) {
	w.crc.Reset()
	w.header.sections = append(w.header.sections, section{kind: kind, offset: w.at})
}

func (w *fileWriter) end() {
	s := &w.header.sections[len(w.header.sections)-1]
	s.length, s.crc = w.at-s.offset, w.crc.Sum32()
}

func (w *fileWriter) section(kind sectionKind, r io.Reader) error {
	w.begin(kind)
	_, err := io.Copy(w, r)
	w.end()
	return err
}

// finish writes the header in front of the sections.
func (w *fileWriter) finish() error {
	if err := w.w.Flush(); err != nil {
		return err
	}
	w.header.fileLength = w.at
	w.sum.Sum(w.header.sum[:0])
	_, err := w.f.WriteAt(w.header.encode(), 0)
	return err
}
