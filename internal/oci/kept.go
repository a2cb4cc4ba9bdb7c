package oci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A Store keeps records by their keys. It may lose them, and may not change them.
type Store interface {
	Get(key string) []byte // nil where there is none
	Put(key string, record []byte)
}

// A Codec turns what a visitor made of the files of one layer into bytes and
// back. What it makes must depend on the layer alone.
type Codec[T any] struct {
	Version string // records of another are not read
	Encode  func(all []Found[T]) ([]byte, error)
	Decode  func(record []byte, all []Found[T]) error // sets the values; the entries are set
}

// Kept tells under which names what was made of a layer is kept.
type kept struct {
	content string // of what the layer holds, "" where that is not known
	place   string // of where it is, "" where that is not known to stay the same
	digest  string // of the stored bytes
	hashed  bool   // digest was worked out, and is not kept yet
	file    *os.File
	info    os.FileInfo // of file, before it was read
}

// nowhere is a Store that keeps nothing.
type nowhere struct{}

func (nowhere) Get(string) []byte { return nil }

func (nowhere) Put(string, []byte) {}

// broken returns an error where the stored bytes are not those the image names:
// what is found in them is then not the image's.
func (l *layer) broken(k kept) error {
	if l.promise == "" || k.digest == "" || k.digest == l.promise {
		return nil
	}
	return fmt.Errorf("it is not the layer that the image names: its digest is sha256:%s, not sha256:%s", k.digest, l.promise)
}

// sha256Of returns what follows prefix in name where that is a SHA-256 in
// hexadecimal, else "".
func sha256Of(name, prefix string) string {
	if digest, ok := strings.CutPrefix(name, prefix); ok && len(digest) == 2*sha256.Size {
		return digest
	}
	return ""
}

// settling is how long a file must have been left alone for its times to tell
// that it is the same: two changes within a tick of the system's clock have one
// time.
const settling = 2 * time.Second

// kept returns the names of the layer's content. Nobody has to tell the truth
// in an archive: a layer that claims to be another would have that one's
// findings, or leave its own to it. So the bytes are hashed, but for a file
// that was hashed before and has not changed since.
func (l *layer) kept(ctx context.Context, s Store) kept {
	f, ok := l.at.(*os.File)
	if !ok {
		return kept{content: l.content}
	}
	info, err := f.Stat()
	if err != nil {
		return kept{}
	}
	k := kept{file: f, info: info}
	if id := identity(info); id != "" && time.Since(changed(info)) > settling {
		k.place = fmt.Sprintf("place %s, %d bytes at %d", id, l.size, l.from)
		k.digest = string(s.Get(k.place))
	}
	if k.digest == "" {
		h := sha256.New()
		r := &contextReader{ctx: ctx, r: io.NewSectionReader(f, l.from, l.size)}
		if n, err := io.CopyBuffer(h, r, make([]byte, 256<<10)); err != nil || n != l.size {
			return kept{} // who reads it says so
		}
		k.digest, k.hashed = hex.EncodeToString(h.Sum(nil)), true
	}
	k.content = "bytes " + k.digest
	return k
}

// same reports whether the file is as it was when k was made.
func (k *kept) same() bool {
	if k.file == nil {
		return true
	}
	info, err := k.file.Stat()
	return err == nil && info.Size() == k.info.Size() && info.ModTime().Equal(k.info.ModTime()) && identity(info) == identity(k.info)
}

// settle keeps the digest of what is at the place.
func (k *kept) settle(s Store) {
	if k.place != "" && k.hashed {
		s.Put(k.place, []byte(k.digest))
	}
}

// A record is what is kept of the reading of a layer, with its names and the
// values of the entries, each after their length: 8 bytes, the lowest first. A
// name is 8 bytes too.
type record struct {
	Size    int64
	Links   []link
	Entries []Entry
	Always  []byte // 1 where the entry of the same index is reported though it is hidden
}

// firstOf returns the first section of a record and what follows it.
func firstOf(text []byte) (first, rest []byte, ok bool) {
	if len(text) < 8 || binary.LittleEndian.Uint64(text) > uint64(len(text)-8) {
		return nil, nil, false
	}
	n := binary.LittleEndian.Uint64(text) + 8
	return text[8:n], text[n:], true
}

// key returns the key of the record.
func (p *pass[T]) key(k kept) string {
	return p.visitor.Codec.Version + "\x00" + k.content
}

// recall fills in what is kept of the layer, and reports whether there is that.
func (p *pass[T]) recall(s Store, k kept) bool {
	text := s.Get(p.key(k))
	names, text, ok := firstOf(text)
	values, text, more := firstOf(text)
	var r record
	if !ok || !more || gob.NewDecoder(bytes.NewReader(text)).Decode(&r) != nil || len(r.Always) != len(r.Entries) {
		return false
	}
	found := make([]Found[T], len(r.Entries))
	for i := range r.Entries {
		r.Entries[i].Layer = p.layer
		found[i] = Found[T]{Entry: &r.Entries[i], always: r.Always[i] != 0}
	}
	if p.visitor.Codec.Decode(values, found) != nil || !k.same() {
		return false
	}
	p.size, p.links, p.found, p.at = r.Size, r.Links, found, nil
	for i := range p.links {
		p.links[i].Entry.Layer = p.layer
	}
	p.names = make([]uint64, len(names)/8)
	for i := range p.names {
		p.names[i] = binary.LittleEndian.Uint64(names[8*i:])
	}
	k.settle(s)
	return true
}

// remember keeps what was made of the layer, unless its file has changed
// meanwhile.
func (p *pass[T]) remember(s Store, k kept) {
	values, err := p.visitor.Codec.Encode(p.found)
	if err != nil || !k.same() {
		return
	}
	r := record{Size: p.size, Links: p.links, Entries: make([]Entry, 0, len(p.found)), Always: make([]byte, 0, len(p.found))}
	for _, f := range p.found {
		e := *f.Entry
		e.Layer, e.Hidden = 0, false // which are the image's
		always := byte(0)
		if f.always {
			always = 1
		}
		r.Entries, r.Always = append(r.Entries, e), append(r.Always, always)
	}
	text := bytes.NewBuffer(make([]byte, 0, 16+8*len(p.names)+2*len(values)))
	text.Write(binary.LittleEndian.AppendUint64(nil, uint64(8*len(p.names))))
	for _, n := range p.names {
		text.Write(binary.LittleEndian.AppendUint64(text.AvailableBuffer(), n))
	}
	text.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(values))))
	text.Write(values)
	if gob.NewEncoder(text).Encode(&r) != nil { // then it is not kept
		return
	}
	s.Put(p.key(k), text.Bytes())
	k.settle(s)
}
