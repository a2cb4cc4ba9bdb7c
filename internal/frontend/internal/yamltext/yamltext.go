// Package yamltext reads YAML, and JSON as a part of it, into values that know
// the bytes they are written in, and makes edits that keep every other byte.
//
// A Value is what stands at a place with aliases followed and merge keys
// applied. Its span is where it is written, which may be an anchor far away.
// A place where nothing stands is a Value too, of kind Absent: it knows the
// collection it would belong to, so that
//
//	service.Get("deploy").Get("resources").Set(...)
//
// creates the keys that are missing.
//
// Edits never change text that other places share through an alias or a merge:
// a value inherited that way is overridden where it is used, or, where YAML has
// no way to do so, cannot be edited and the edit is nil.
package yamltext

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/source"
)

// A Kind is what a value is. Plain scalars have the type of YAML 1.2's core
// schema, as the reference loader of Compose gives them: 0755, 0o755, 0x1F
// and 1_000 are integers, .5 and 1e3 are decimals, and yes, no, on and off are
// strings. Timestamps and merge keys count as strings.
type Kind uint8

// The kinds of values.
const (
	Absent Kind = iota // nothing is written
	Null               // null, ~ or nothing after the colon
	Boolean
	Integer
	Decimal
	String
	Mapping
	Sequence
)

func (k Kind) String() string {
	return [...]string{"absent", "null", "boolean", "integer", "decimal", "string", "mapping", "sequence"}[k]
}

// A Value is one value as seen from one place. The zero Value is absent and
// cannot be edited.
type Value struct {
	n   *node // the value, aliases followed; nil where it is absent
	at  *node // what is written at the place: n, or the alias; nil where n is merged or absent
	key *node // its key; nil for documents and items

	// Where an edit that cannot be made in place goes: path below owner.
	owner *node
	path  []string

	shared bool // the text of n is used by other places too
	locked bool // owner's text is, so that no edit can be made
}

// A node is a node of the syntax tree with the bytes it is written in.
type node struct {
	doc  *document
	tag  string // as yaml.v3 gives it: "!!str", "!reset"
	text string // of a scalar; the name of an alias

	outer      int // where its anchor and tag start, or start
	start, end int // the value alone
	colon      int // after the colon, the dash or the mark of an explicit key before it, -1 where there is none

	parent *node
	kids   []*node // items, or keys and values in turn
	target *node   // of an alias
	pairs  []pair  // of a mapping: effective, in order

	// The small ones together: there are many nodes, and most are kept.
	style  yaml.Style
	depth  int
	kind   Kind
	merged uint8 // how far pairs are: see resolver
	alias  bool
	braces bool // a flow collection with brackets; an implicit pair in a flow sequence has none
	odd    bool // its bytes could not be made out, so it is not edited
	keep   bool // see Keep
	used   bool // an alias names it
}

// A pair is one effective entry of a mapping.
type pair struct {
	key, val *node
	merged   bool // it comes from a merge key
}

// A document is one document of a file.
type document struct {
	file *source.File
	step int // how far nested mappings are indented
	dash int // how far lists are indented below their key, -1 where there is none
	json bool
	// final is set where the text is what it will be, of which nothing is a
	// placeholder.
	final bool
}

// Final reports whether v is of a text that ParseFinal read.
func (v Value) Final() bool { return v.n != nil && v.n.doc.final }

// Kind returns what v is.
func (v Value) Kind() Kind {
	if v.n == nil {
		return Absent
	}
	return v.n.kind
}

// Exists reports whether something is written at v, be it null.
func (v Value) Exists() bool { return v.n != nil }

// IsScalar reports whether v is a scalar other than null.
func (v Value) IsScalar() bool { k := v.Kind(); return k >= Boolean && k <= String }

// Text returns the text of a scalar, quotes and escapes resolved, or "".
func (v Value) Text() string {
	if v.n == nil {
		return ""
	}
	return v.n.text
}

// Quoted reports whether v is a quoted or block scalar, whose text is always
// a string.
func (v Value) Quoted() bool { return v.n != nil && v.n.style&^(yaml.TaggedStyle|yaml.FlowStyle) != 0 }

// Tag returns the tag v is written with, such as "!reset", or "" where there
// is none.
func (v Value) Tag() string {
	if v.n == nil || v.n.style&yaml.TaggedStyle == 0 {
		return ""
	}
	return v.n.tag
}

// Bool returns the boolean v is. It is strict: the words "yes" and "on" are
// strings, for callers to judge by Text and Quoted.
func (v Value) Bool() (value, ok bool) {
	if v.Kind() != Boolean {
		return false, false
	}
	return strings.EqualFold(v.n.text, "true"), true
}

// Int returns the integer v is. A decimal without a fraction counts.
func (v Value) Int() (int64, bool) {
	switch v.Kind() {
	case Integer:
		return parseInt(v.n.text)
	case Decimal:
		f, err := strconv.ParseFloat(v.n.text, 64)
		return int64(f), err == nil && f == float64(int64(f))
	}
	return 0, false
}

// Float returns the number v is.
func (v Value) Float() (float64, bool) {
	if i, ok := v.Int(); ok {
		return float64(i), true
	}
	if v.Kind() != Decimal {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(v.n.text, "_", ""), 64)
	return f, err == nil
}

// parseInt reads an integer in any of the notations of YAML 1.1 and 1.2.
func parseInt(s string) (int64, bool) {
	s = strings.ReplaceAll(s, "_", "")
	i, err := strconv.ParseInt(s, 0, 64)
	return i, err == nil
}

// File returns the file v is written in, also where v is absent.
func (v Value) File() *source.File {
	switch {
	case v.n != nil:
		return v.n.doc.file
	case v.owner != nil:
		return v.owner.doc.file
	}
	return nil
}

// Span returns the bytes v is written in, without its anchor and tag. A null
// with nothing written is empty and stands after its colon. The span of an
// absent value is the zero Span.
func (v Value) Span() source.Span {
	if v.n == nil {
		return source.Span{}
	}
	return v.n.doc.file.Span(v.n.start, v.n.end)
}

// Key returns the text of the key v stands under, "" for documents and items.
func (v Value) Key() string {
	switch {
	case v.key != nil:
		return v.key.text
	case len(v.path) > 0:
		return v.path[len(v.path)-1]
	}
	return ""
}

// KeySpan returns the bytes of the key v stands under, or the zero Span.
func (v Value) KeySpan() source.Span {
	if v.key == nil {
		return source.Span{}
	}
	return v.key.doc.file.Span(v.key.start, v.key.end)
}

// Shared reports whether v is inherited through an alias or a merge key: what
// Span points at belongs to other places too.
func (v Value) Shared() bool { return v.shared }

// Get returns the value under key; of the same key twice, the last. It is
// absent where there is none or v is not a mapping; then Set creates it if v is
// a mapping, null or itself absent.
func (v Value) Get(key string) Value {
	if v.n == nil {
		if v.owner == nil {
			return Value{}
		}
		path := append(slices.Clip(v.path), key)
		return Value{owner: v.owner, path: path, locked: v.locked}
	}
	path := []string{key}
	switch {
	case v.n.kind == Mapping:
		for _, p := range v.n.pairs {
			if p.key.text == key {
				return v.child(p)
			}
		}
		return Value{owner: v.n, path: path, locked: v.shared}
	case v.n.kind == Null && v.at == v.n:
		return Value{owner: v.n, path: path, locked: v.shared}
	}
	return Value{owner: v.n, path: path, locked: true}
}

// At returns the value below keys, as repeated Get.
func (v Value) At(keys ...string) Value {
	for _, k := range keys {
		v = v.Get(k)
	}
	return v
}

// Pairs returns the entries of a mapping, each knowing its key: its own in the
// order they are written, then those merged in. Entries under null or under
// keys that are collections are left out.
func (v Value) Pairs() []Value {
	if v.Kind() != Mapping {
		return nil
	}
	out := make([]Value, len(v.n.pairs))
	for i, p := range v.n.pairs {
		out[i] = v.child(p)
	}
	return out
}

func (v Value) child(p pair) Value {
	c := Value{key: p.key, owner: v.n, shared: v.shared, locked: v.shared}
	c.n = p.val
	if p.merged {
		c.shared = true
	} else {
		c.at = p.val
	}
	if p.val.alias {
		c.n, c.shared = p.val.target, true
	}
	return c
}

// Items returns the items of a sequence.
func (v Value) Items() []Value {
	if v.Kind() != Sequence {
		return nil
	}
	out := make([]Value, len(v.n.kids))
	for i, k := range v.n.kids {
		c := Value{n: k, at: k, owner: v.n, shared: v.shared, locked: v.shared}
		if k.alias {
			c.n, c.shared = k.target, true
		}
		out[i] = c
	}
	return out
}

// Len returns the number of entries or items of v.
func (v Value) Len() int {
	switch v.Kind() {
	case Mapping:
		return len(v.n.pairs)
	case Sequence:
		return len(v.n.kids)
	}
	return 0
}

// Keep makes Delete leave v in place, written as {} or [], where deleting
// takes away the last that is in it. A service keeps its name so. Documents
// are always kept. Keep must be called before values are used concurrently.
func (v Value) Keep() {
	if v.n != nil && !v.shared {
		v.n.keep = true
	}
}
