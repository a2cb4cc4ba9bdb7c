package runline

import (
	"sort"
	"strings"

	"bulkhead/internal/source"
)

// A text is shell source taken out of a file: a whole script, a recipe of a
// Makefile, a string of a YAML file. It knows where each of its bytes is
// written.
type text struct {
	file  *source.File
	bytes []byte
	segs  []segment // in order, without gaps

	quoted []quoting // the strings the text stands in, one in another, innermost first
	locked bool      // it cannot be edited
}

// A segment maps n bytes of a text to m bytes of its file. Where n equals m
// each byte has its own place; else the segment is one unit, such as "$$".
type segment struct {
	at, n int // in the text
	to, m int // in the file
	style style

	// fixed is set where the bytes come from elsewhere, such as the
	// definition of a make variable, so that editing them would change more
	// than this text. use and useEnd is then the place they are used at.
	fixed       bool
	use, useEnd int
}

// whole returns the text that is all of f.
func whole(f *source.File) *text {
	n := len(f.Text)
	return &text{file: f, bytes: f.Text, segs: []segment{{n: n, m: n}}}
}

// append appends shell source with the mapping of seg.
func (t *text) append(s []byte, seg segment) {
	if len(s) == 0 {
		return
	}
	seg.at, seg.n = len(t.bytes), len(s)
	t.bytes = append(t.bytes, s...)
	if k := len(t.segs); k > 0 && !seg.fixed && seg.n == seg.m {
		last := &t.segs[k-1]
		if !last.fixed && last.n == last.m && last.to+last.m == seg.to && last.style == seg.style {
			last.n, last.m = last.n+seg.n, last.m+seg.m
			return
		}
	}
	t.segs = append(t.segs, seg)
}

// seg returns the segment that holds byte i of the text.
func (t *text) seg(i int) segment {
	k := sort.Search(len(t.segs), func(k int) bool { return t.segs[k].at+t.segs[k].n > i })
	if k == len(t.segs) {
		n := len(t.file.Text)
		return segment{at: len(t.bytes), to: n}
	}
	return t.segs[k]
}

// span returns the place of the bytes [start, end) of the text: where they are
// written if one piece of the file holds them all, else where they are used.
func (t *text) span(start, end int) source.Span {
	if start >= end {
		at := t.after(start)
		return t.file.Span(at, at)
	}
	a, b := t.seg(start), t.seg(end-1)
	if a.fixed && a.at == b.at {
		return t.file.Span(a.start(start), a.end(end-1))
	}
	from, to := a.start(start), b.end(end-1)
	if a.fixed {
		from = a.use
	}
	if b.fixed {
		to = b.useEnd
	}
	return t.file.Span(from, to)
}

// after returns the place in the file right after byte i-1 of the text.
func (t *text) after(i int) int {
	if i <= 0 {
		return t.seg(0).start(0)
	}
	s := t.seg(i - 1)
	if s.fixed {
		return s.useEnd
	}
	return s.end(i - 1)
}

// editable reports whether the bytes [start, end) of the text may be replaced,
// or something put in at start where there are none: nothing there comes from a
// variable.
func (t *text) editable(start, end int) bool {
	if t.locked || start == end && (!t.seg(max(start-1, 0)).editable() || !t.seg(start).editable()) {
		return false
	}
	for i := start; i < end; {
		s := t.seg(i)
		if !s.editable() || s.n == 0 {
			return false
		}
		i = s.at + s.n
	}
	return true
}

// replace returns the edits that write shell source over [start, end), an
// insertion where that is empty, or nil where the file cannot say it.
func (t *text) replace(start, end int, shell, key string) []source.Edit {
	for _, kind := range t.quoted {
		shell = quoteIn(shell, kind)
	}
	shell, ok := t.seg(max(start-1, 0)).style.encode(shell)
	if !ok {
		return nil
	}
	from := t.after(start)
	to := from
	if end > start {
		from, to = t.seg(start).start(start), t.seg(end-1).end(end-1)
	}
	return []source.Edit{{Span: t.file.Span(from, to), New: shell, Key: key}}
}

// cut returns the edits that take [start, end) out, together with everything
// the file holds between the byte before start and it.
func (t *text) cut(start, end int) []source.Edit {
	return []source.Edit{{Span: t.file.Span(t.after(start), t.after(end))}}
}

// editable reports whether what s holds is written where s says, byte for byte.
func (s segment) editable() bool { return !s.fixed && s.style != yamlUnknown }

// start returns the place in the file of byte i of the text, which s holds.
func (s segment) start(i int) int {
	if s.n == s.m {
		return s.to + i - s.at
	}
	return s.to
}

// end returns the place in the file where byte i of the text, which s holds, ends.
func (s segment) end(i int) int {
	if s.n == s.m {
		return s.to + i - s.at + 1
	}
	return s.to + s.m
}

// A style is how a file writes shell source.
type style byte

const (
	verbatim    style = iota // a script, a block scalar of YAML
	makeRecipe               // "$" is written "$$"
	yamlPlain                // some text cannot be written at all
	yamlSingle               // single-quoted
	yamlDouble               // double-quoted
	yamlUnknown              // a scalar whose bytes could not be told apart
)

// encode returns shell source as the style writes it, or false where it cannot.
func (s style) encode(shell string) (string, bool) {
	switch s {
	case makeRecipe:
		return strings.ReplaceAll(shell, "$", "$$"), !strings.Contains(shell, "\n")
	case yamlPlain:
		bad := strings.Contains(shell, ": ") || strings.Contains(shell, " #") || strings.ContainsAny(shell, "\n[]{},")
		return shell, !bad && !strings.HasSuffix(shell, ":")
	case yamlSingle:
		return strings.ReplaceAll(shell, "'", "''"), true
	case yamlDouble:
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(shell), true
	case yamlUnknown:
		return "", false
	}
	return shell, !strings.Contains(shell, "\n")
}
