package oci

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Bounds of one layer: its entries, and the hard links whose target may have
// to be looked up.
const (
	maxLayerEntries = 1_000_000
	maxLinks        = 50_000
	maxLinkDepth    = 40
)

// A kind tells what an entry of a layer means to the layers beneath.
type kind uint8

const (
	ordinary kind = iota
	hardLink      // Target is another entry's name
	whiteout      // Name is what it deletes
	opaque        // Name is the folder whose content beneath it deletes
)

// An opener gives the content of the entry a layer's reader stands at.
type opener interface {
	content(e *Entry) (*Content, error)
}

// A pass is one reading of one layer.
type pass[T any] struct {
	ctx     context.Context
	visitor Visitor[T]
	layer   int
	hidden  func(name string) bool // what is known so far; may say false wrongly
	hold    *sync.Mutex
	only    map[string]Entry // names to read and the entries to report them as; nil for the first reading

	found   []Found[T]
	at      map[uint64]int // index in found by the hash of the name
	names   []uint64       // hashes with flags, for the layers beneath
	links   []link         // wanted hard links
	size    int64
	entries int
	err     error // what ended the reading early
}

// A link is a hard link. Its content is the target's, which is in the same layer.
type link struct {
	Entry  Entry
	Target string
	Given  bool // the visitor has read the target
}

// errTooMany ends the reading of a layer that would need too much memory.
var errTooMany = errors.New("it has too many entries")

// add takes one entry. e is the reader's and may be changed.
func (p *pass[T]) add(e *Entry, k kind, o opener) error {
	if p.entries++; p.entries > maxLayerEntries {
		return fmt.Errorf("%w: more than %d", errTooMany, maxLayerEntries)
	}
	if p.entries&0x3ff == 0 && p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	if p.only != nil {
		return p.again(e, k, o)
	}
	if e.Name == "" && k != opaque { // the root itself, and what has no name
		return nil
	}
	p.note(e, k)
	if k == whiteout || k == opaque {
		return nil
	}
	if e.Mode.IsRegular() {
		p.size += e.Size
	}
	if i, ok := p.at[hashName(e.Name)]; ok { // the later of two entries is the one that stays
		p.found[i].Entry = nil
		delete(p.at, hashName(e.Name))
	}
	want := p.visitor.Want(e)
	if want == Skip || want == Visible && p.hidden(e.Name) {
		return nil
	}
	if k == hardLink {
		if len(p.links) < maxLinks {
			target := e.Target
			e.Target = ""
			p.links = append(p.links, link{Entry: *e, Target: target})
		}
		return nil
	}
	return p.give(*e, want, o)
}

// give gives a wanted entry to the visitor.
func (p *pass[T]) give(e Entry, want Want, o opener) error {
	c := &Content{}
	if e.Mode.IsRegular() {
		var err error
		if c, err = o.content(&e); err != nil {
			return err
		}
		c.hold = p.hold
	}
	value := p.visitor.Read(&e, c)
	c.release()
	if p.only == nil {
		p.names[len(p.names)-1] |= given
	}
	if p.visitor.Keep != nil && !p.visitor.Keep(value) {
		return nil
	}
	p.at[hashName(e.Name)] = len(p.found)
	p.found = append(p.found, Found[T]{Entry: &e, Value: value, always: want == Always})
	return nil
}

// again reads a target of hard links under the name of one of them.
func (p *pass[T]) again(e *Entry, k kind, o opener) error {
	as, ok := p.only[e.Name]
	if !ok || k != ordinary || !e.Mode.IsRegular() {
		return nil
	}
	delete(p.only, e.Name)
	as.Size = e.Size
	return p.give(as, Visible, o)
}

// note records what e hides in the layers beneath.
func (p *pass[T]) note(e *Entry, k kind) {
	flag := covers
	switch {
	case k == opaque:
		flag = blocks
	case k == whiteout || !e.Mode.IsDir():
		flag = covers | blocks
	}
	if k != whiteout && e.Mode.IsRegular() {
		flag |= regular
	}
	p.names = append(p.names, hashName(e.Name)&^flags|flag)
}

// finish ends the reading of a layer: of what was found twice it leaves one, and
// it finds out where hard links lead, but for those that lead in a circle.
func (p *pass[T]) finish() {
	p.found = slices.DeleteFunc(p.found, func(f Found[T]) bool { return f.Entry == nil })
	p.at = nil
	if len(p.links) == 0 {
		return
	}
	to := make(map[string]string, len(p.links))
	for _, l := range p.links {
		to[l.Entry.Name] = l.Target
	}
	targets := make(map[uint64]bool, len(p.links))
	links := p.links[:0]
	for _, l := range p.links {
		for range maxLinkDepth {
			next, ok := to[l.Target]
			if !ok {
				break
			}
			l.Target = next
		}
		if _, circle := to[l.Target]; !circle {
			links = append(links, l)
			targets[hashName(l.Target)&^flags] = false
		}
	}
	for _, n := range p.names {
		if _, ok := targets[n&^flags]; ok && n&given != 0 {
			targets[n&^flags] = true
		}
	}
	for i, l := range links {
		links[i].Given = targets[hashName(l.Target)&^flags]
	}
	p.links = links
}

// lost returns the hard links that are visible but whose content was not read,
// because nobody wanted the target under its own name or an upper layer hides
// it there: the target's name, and the entry to report it as.
func (p *pass[T]) lost(hidden func(string) bool) map[string]Entry {
	out := map[string]Entry{}
	for _, l := range p.links {
		_, taken := out[l.Target]
		if !taken && !hidden(l.Entry.Name) && (!l.Given || hidden(l.Target)) {
			out[l.Target] = l.Entry
		}
	}
	return out
}

// whiteoutOf tells whiteouts in a tar layer: it returns what the entry called
// name deletes.
func whiteoutOf(name string) (string, kind) {
	dir, base := "", name
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		dir, base = name[:i], name[i+1:]
	}
	switch {
	case base == opaqueMarker:
		return dir, opaque
	case strings.HasPrefix(base, opaqueMarker[:8]): // .wh..wh.*: aufs' own files
		return "", ordinary
	case strings.HasPrefix(base, whiteoutPrefix) && len(base) > len(whiteoutPrefix):
		if dir != "" {
			dir += "/"
		}
		return dir + base[len(whiteoutPrefix):], whiteout
	}
	return name, ordinary
}
