package compose

import (
	"fmt"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/source"
)

// A value is one value of the merged project, interpolated, with the text it
// is written in.
type value struct {
	y       yamltext.Value
	in      *input
	kind    yamltext.Kind
	text    string  // of a scalar, variables replaced; unknown ones are left as written
	unknown bool    // text depends on a variable that is not known
	base    bool    // it comes from another service by extends
	listed  bool    // an entry of a NAME=value list; text is all of it
	entries []entry // of a mapping
	items   []*value
}

// An entry is one entry of a mapping.
type entry struct {
	key string
	at  source.Span // the key
	val *value
}

// The tags that change how values are merged.
const (
	tagReset    = "!reset"
	tagOverride = "!override"
)

// get returns the value under key, or nil.
func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	for i := range v.entries {
		if v.entries[i].key == key {
			return v.entries[i].val
		}
	}
	return nil
}

// at returns the value below keys, or nil.
func (v *value) at(keys ...string) *value {
	for _, k := range keys {
		v = v.get(k)
	}
	return v
}

// isNull reports whether nothing is said: v is absent or null.
func (v *value) isNull() bool { return v == nil || v.kind == yamltext.Null }

// scalar reports whether v is a scalar with text.
func (v *value) scalar() bool {
	return v != nil && v.kind >= yamltext.Boolean && v.kind <= yamltext.String
}

func (v *value) span() source.Span {
	if v == nil {
		return source.Span{}
	}
	return v.y.Span()
}

// head returns the place of v, or of its key where v takes several lines: a
// finding points at a value or a key, never at a block.
func (v *value) head() source.Span {
	s := v.span()
	if key := v.y.KeySpan(); key.IsValid() && v.kind >= yamltext.Mapping && strings.Contains(s.Text(), "\n") {
		return key
	}
	return s
}

// raw returns the text of a scalar as written, variables not replaced.
func (v *value) raw() string { return v.y.Text() }

// part returns the place of bytes i to j of the raw text of a scalar: all of it
// where escapes or folding make bytes of text and file differ.
func (v *value) part(i, j int) source.Span {
	s := v.y.Span()
	text, raw := s.Text(), v.raw()
	switch {
	case text == raw:
		return source.Span{File: s.File, Start: s.Start + i, End: s.Start + j}
	case len(text) == len(raw)+2 && text[1:len(text)-1] == raw:
		return source.Span{File: s.File, Start: s.Start + 1 + i, End: s.Start + 1 + j}
	}
	return s
}

// room reports whether one more value may be built, which is at the given
// place. The first that may not is a fault.
func (r *reader) room(at source.Span, depth int) bool {
	if r.budget--; r.budget >= 0 && depth <= maxDepth {
		return true
	}
	if r.lost++; r.lost == 1 {
		r.fault(at, "project is too large or too deeply nested")
	}
	return false
}

// build returns the value y is, aliases expanded and variables replaced, or
// nil where the project has grown too large.
func (r *reader) build(y yamltext.Value, in *input, depth int) *value {
	if !r.room(y.Span(), depth) {
		return nil
	}
	v := &value{y: y, in: in, kind: y.Kind()}
	switch v.kind {
	case yamltext.Mapping:
		pairs := y.Pairs()
		v.entries = make([]entry, 0, len(pairs))
		for _, p := range pairs {
			if c := r.build(p, in, depth+1); c != nil {
				v.entries = append(v.entries, entry{p.Key(), p.KeySpan(), c})
			}
		}
	case yamltext.Sequence:
		items := y.Items()
		v.items = make([]*value, 0, len(items))
		for _, i := range items {
			if c := r.build(i, in, depth+1); c != nil {
				v.items = append(v.items, c)
			}
		}
	case yamltext.Null:
		if y.Quoted() { // a tag such as !!null before quotes
			v.kind = yamltext.String
		}
	case yamltext.String:
		v.text, v.unknown = r.interpolate(y.Text(), in.lookup)
	default:
		v.text = plain(y)
	}
	return v
}

// plain returns the text Compose gives a number or boolean that stands where a
// string is expected: 0755 is "493".
func plain(y yamltext.Value) string {
	if i, ok := y.Int(); ok && y.Kind() == yamltext.Integer {
		return strconv.FormatInt(i, 10)
	}
	if f, ok := y.Float(); ok && y.Kind() == yamltext.Decimal {
		return fmt.Sprint(f)
	}
	if b, ok := y.Bool(); ok {
		return strconv.FormatBool(b)
	}
	return y.Text()
}

// inherit returns a copy of v as another service has it by extends.
func (r *reader) inherit(v *value) *value {
	if v == nil || !r.room(v.span(), 0) {
		return nil
	}
	c := *v
	c.base = true
	c.entries = make([]entry, 0, len(v.entries))
	for _, e := range v.entries {
		if e.val = r.inherit(e.val); e.val != nil {
			c.entries = append(c.entries, e)
		}
	}
	c.items = make([]*value, 0, len(v.items))
	for _, i := range v.items {
		if i = r.inherit(i); i != nil {
			c.items = append(c.items, i)
		}
	}
	return &c
}

// prune takes out of v what is reset.
func (v *value) prune() {
	if v == nil {
		return
	}
	kept := v.entries[:0]
	for _, e := range v.entries {
		if e.val.y.Tag() == tagReset {
			continue
		}
		e.val.prune()
		kept = append(kept, e)
	}
	v.entries = kept
	items := v.items[:0]
	for _, i := range v.items {
		if i.y.Tag() != tagReset {
			i.prune()
			items = append(items, i)
		}
	}
	v.items = items
}
