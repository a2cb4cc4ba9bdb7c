package yamltext

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"bulkhead/internal/source"
)

// Set returns the edits that make v say l. A value that is there is replaced,
// a string keeping its quotes. One that is absent is appended to the end of
// the mapping it belongs to, with the keys on the way to it. One that is merged
// in from elsewhere is overridden in the mapping that merges it; one that is
// an alias is written in the alias's place.
//
// The result is nil where that cannot be done without changing other places:
// below a mapping that is itself inherited, since a merge is not deep, and for
// a value whose anchor an alias names. It is nil for one with a tag of YAML's
// own, such as !!str, too.
func (v Value) Set(l Lit) []source.Edit {
	switch {
	case v.owner == nil && v.at == nil, v.locked:
		return nil
	case v.at != nil:
		return replace(v.at, l)
	}
	path := v.path
	if len(path) == 0 {
		path = []string{v.key.text}
	}
	for i := len(path) - 1; i > 0; i-- {
		l = Map(Entry{path[i], l})
	}
	return insert(v.owner, Entry{path[0], l})
}

// Append returns the edits that add l to the end of the list v: to a block or
// flow list, to a scalar that is short for a list of one, or to a list that is
// made for it. A list that is inherited is copied to where it is used, if it
// holds only scalars; nil otherwise.
func (v Value) Append(l Lit) []source.Edit {
	if v.locked {
		return nil
	}
	switch kind := v.Kind(); {
	case kind == Absent, kind == Null:
		return v.Set(List(l))
	case kind == Mapping:
		return nil
	case kind == Sequence && v.at == v.n:
		return appendItem(v.n, l)
	case kind == Sequence:
		var items []Lit
		for _, k := range v.n.kids {
			if k.alias {
				k = k.target
			}
			if k.kind >= Mapping {
				return nil
			}
			items = append(items, scalarLit(k))
		}
		return v.Set(List(append(items, l)...))
	}
	return v.Set(List(scalarLit(v.n), l))
}

// scalarLit returns the literal that reads as scalar n, in its own text where
// that is on one line.
func scalarLit(n *node) Lit {
	text := n.doc.file.Text[n.start:n.end]
	if n.odd || len(text) == 0 || n.style == yaml.TaggedStyle || text[0] == '|' || text[0] == '>' || bytes.ContainsAny(text, "\r\n") {
		return Str(n.text)
	}
	l := Raw(string(text))
	if n.kind == String && n.style&^yaml.TaggedStyle == 0 {
		l.plain = n.text
	}
	return l
}

// replace returns the edit that writes l in the place of n.
func replace(n *node, l Lit) []source.Edit {
	if n.broken() || n.anchors() || n.style&yaml.TaggedStyle != 0 && strings.HasPrefix(n.tag, "!!") {
		return nil
	}
	w, flow := newWriter(n.doc), n.inFlow()
	block := n.kind >= Mapping && !n.alias && !n.braces || n.outdented()
	if l.collection() && !flow && n.parent != nil && n.parent.kind == Mapping && n.colon >= 0 {
		return replaceBlock(n, l, w)
	}
	if !flow && tabsFollow(n.doc.file.Text[n.end:]) {
		return nil
	}
	text := w.flow(l)
	if l.kind == String && !block {
		text = w.requote(l.text, n, flow)
	}
	start, end := n.start, n.end
	switch {
	case block:
		if n.colon < 0 || n.outer < n.start {
			return nil
		}
		start, text = n.colon, " "+text
	case start == end && n.colon < 0 && flow:
		if n.parent.keyLines(n) {
			return nil // a key over several lines cannot have a value
		}
		text = ": " + text
	case start == end && n.colon < 0:
		return nil
	case start == end:
		text = " " + text
	}
	return []source.Edit{{Span: n.doc.file.Span(start, end), New: text + gap(n.doc.file, end)}}
}

// tabsFollow reports whether a line behind a scalar, up to the next that says
// something, starts with a tab. A plain scalar goes on over such a line; behind
// any other it is an error.
func tabsFollow(rest []byte) bool {
	_, rest, _ = bytes.Cut(rest, []byte("\n"))
	for line := range bytes.Lines(rest) {
		text := bytes.TrimLeft(line, " \t")
		if bytes.IndexByte(line[:len(line)-len(text)], '\t') >= 0 {
			return true
		}
		if len(bytes.TrimSpace(text)) > 0 {
			return false
		}
	}
	return false
}

// gap returns the blank that keeps what is written up to byte i apart from
// what follows, such as the comment after the header of an empty block scalar.
func gap(f *source.File, i int) string {
	if i < len(f.Text) && strings.IndexByte(" \t\r\n,]}:", f.Text[i]) < 0 {
		return " "
	}
	return ""
}

// keyLines reports whether the key of the value v in mapping n is written over
// several lines.
func (n *node) keyLines(v *node) bool {
	for i := 1; i < len(n.kids); i += 2 {
		if k := n.kids[i-1]; n.kids[i] == v {
			return bytes.IndexByte(n.doc.file.Text[k.start:k.end], '\n') >= 0
		}
	}
	return false
}

// outdented reports whether n stands on a line of its own no deeper than what it
// is in, as a list may below its key and other values may not.
func (n *node) outdented() bool {
	if n.parent == nil || n.inFlow() || n.colon < 0 || n.start == n.end {
		return false
	}
	f := n.doc.file
	return lineStart(f, n.start) > n.colon && len(indentAt(f, n.start)) <= len(n.parent.indent())
}

// replaceBlock returns the edit that writes the collection l in block style
// under the key of n.
func replaceBlock(n *node, l Lit, w writer) []source.Edit {
	f := n.doc.file
	indent := n.parent.indent()
	text := w.after(indent, l)
	if n.start == n.end { // nothing is there: the key's line, its comment included, stays
		at := nextLine(f, n.end)
		key := l.pairsKey()
		return []source.Edit{wholeLines(f, at, strings.TrimPrefix(text, w.nl), w.nl, key, n.depth)}
	}
	start := n.colon
	if n.outer < n.start { // an anchor or a tag stays
		start = n.start
		for start > 0 && (f.Text[start-1] == ' ' || f.Text[start-1] == '\t') {
			start--
		}
	}
	return []source.Edit{{Span: f.Span(start, n.end), New: text + gap(f, n.end)}}
}

// pairsKey returns what the insertion of l's first entry is told apart by.
func (l Lit) pairsKey() string {
	if len(l.pairs) > 0 {
		return l.pairs[0].Key
	}
	return ""
}

// insert returns the edit that appends p to the mapping m, or writes it as the
// first entry where m is null.
func insert(m *node, p Entry) []source.Edit {
	if m.kind == Null {
		return replace(m, Map(p))
	}
	if m.kind != Mapping || m.broken() {
		return nil
	}
	f, w := m.doc.file, newWriter(m.doc)
	switch {
	case m.braces:
		return insertFlow(m, w, func(pretty func(Lit) string) string {
			return w.str(p.Key, true) + ": " + pretty(p.Value)
		}, p.Key)
	case m.inFlow() || len(m.kids) == 0:
		return nil
	}
	at := nextLine(f, m.last())
	w.near(m)
	return []source.Edit{wholeLines(f, at, w.pair(m.indent(), p), w.nl, p.Key, m.depth)}
}

// appendItem returns the edit that appends l to the list s.
func appendItem(s *node, l Lit) []source.Edit {
	if s.broken() {
		return nil
	}
	f, w := s.doc.file, newWriter(s.doc)
	if s.braces {
		return insertFlow(s, w, func(pretty func(Lit) string) string { return pretty(l) }, "- "+w.flow(l))
	}
	if len(s.kids) == 0 || s.kids[0].colon < 1 {
		return nil
	}
	at := nextLine(f, s.last())
	indent := indentAt(f, s.kids[0].colon-1)
	return []source.Edit{wholeLines(f, at, w.item(indent, l), w.nl, "- "+w.flow(l), s.depth)}
}

// insertFlow returns the edit that appends what text returns to the flow
// collection n. Where its entries stand on lines of their own, so does the new
// one.
func insertFlow(n *node, w writer, text func(pretty func(Lit) string) string, key string) []source.Edit {
	f := n.doc.file
	if len(n.kids) == 0 {
		return fillFlow(n, w, text)
	}
	first := n.kids[max(len(n.kids)-2, 0)]
	if n.kind == Sequence {
		first = n.kids[len(n.kids)-1]
	}
	at, sep := n.last(), ", "
	if n.endsInColon() {
		sep = " , " // "a:," would be read as a word
	}
	pretty := w.flow
	if lineStart(f, first.outer) == first.outer-len(blanksBefore(f, first.outer)) {
		indent := blanksBefore(f, first.outer)
		sep = "," + w.nl + indent
		pretty = func(l Lit) string { return w.pretty(l, indent, n.unit()) }
	}
	return []source.Edit{{Span: f.Span(at, at), New: sep + text(pretty), Key: key, Depth: n.depth}}
}

// endsInColon reports whether the last thing in n is a null after a colon.
func (n *node) endsInColon() bool {
	for len(n.kids) > 0 && !n.alias {
		last := n.kids[len(n.kids)-1]
		if last.braces {
			return false
		}
		n = last
	}
	return n.start == n.end && n.colon >= 0
}

// fillFlow returns the edit that gives the empty flow collection n its first
// entry.
func fillFlow(n *node, w writer, text func(pretty func(Lit) string) string) []source.Edit {
	f := n.doc.file
	open, end := string(f.Text[n.start:n.start+1]), string(f.Text[n.end-1:n.end])
	if !w.doc.json {
		return []source.Edit{{Span: f.Span(n.start, n.end), New: open + text(w.flow) + end}}
	}
	indent := lineIndent(f, n.start)
	in := indent + n.unit()
	inner := text(func(l Lit) string { return w.pretty(l, in, n.unit()) })
	return []source.Edit{{Span: f.Span(n.start, n.end), New: open + w.nl + in + inner + w.nl + indent + end}}
}

// wholeLines returns the insertion of lines at the start of a line, or at the
// end of a text that does not end its last line.
func wholeLines(f *source.File, at int, lines, nl, key string, depth int) source.Edit {
	if at == len(f.Text) && at > 0 && f.Text[at-1] != '\n' {
		lines = nl + lines
	} else {
		lines += nl
	}
	return source.Edit{Span: f.Span(at, at), New: lines, Key: key, Depth: depth}
}

// near takes the indentation from what is nested in m rather than from the
// document.
func (w *writer) near(m *node) {
	for i := 1; i < len(m.kids); i += 2 {
		v := m.kids[i]
		if v.alias || v.braces || len(v.kids) == 0 || v.outer < v.start {
			continue
		}
		diff := len(v.indent()) - len(m.indent())
		switch {
		case v.kind == Mapping && diff > 0:
			w.step = diff
		case v.kind == Sequence && diff >= 0:
			w.dash = diff
		}
	}
}

// unit returns one level of indentation in the flow collection n.
func (n *node) unit() string {
	for p := n; p != nil; p = p.parent {
		if !p.braces || len(p.kids) == 0 {
			continue
		}
		f := n.doc.file
		in, out := blanksBefore(f, p.kids[0].outer), lineIndent(f, p.start)
		if lineStart(f, p.kids[0].outer)+len(in) == p.kids[0].outer && len(in) > len(out) {
			return in[len(out):]
		}
	}
	return "  "
}

// broken reports whether the bytes of n or of what it is in are not known.
func (n *node) broken() bool {
	for ; n != nil; n = n.parent {
		if n.odd {
			return true
		}
	}
	return false
}

// anchors reports whether an alias names n or something below it, so that n
// cannot be changed for one place alone.
func (n *node) anchors() bool {
	if n.used {
		return true
	}
	for _, k := range n.kids {
		if k.anchors() {
			return true
		}
	}
	return false
}

// inFlow reports whether n is inside of brackets.
func (n *node) inFlow() bool {
	for p := n.parent; p != nil; p = p.parent {
		if p.braces {
			return true
		}
	}
	return false
}

// last returns the end of the last thing in collection n.
func (n *node) last() int {
	k := n.kids[len(n.kids)-1]
	end := k.end
	if !k.alias && k.kind >= Mapping && !k.braces && len(k.kids) > 0 {
		end = k.last()
	}
	return max(end, k.colon)
}

// indent returns the blanks that align a line with the entries of block
// collection n.
func (n *node) indent() string {
	if n.kind == Sequence && len(n.kids) > 0 && n.kids[0].colon > 0 {
		return indentAt(n.doc.file, n.kids[0].colon-1)
	}
	return indentAt(n.doc.file, n.start)
}

// indentAt returns as many blanks as there are characters before byte i on its
// line.
func indentAt(f *source.File, i int) string {
	before := bytes.TrimPrefix(f.Text[lineStart(f, i):i], []byte("\uFEFF"))
	return strings.Repeat(" ", utf8.RuneCount(before))
}

// lineStart returns the start of the line of byte i.
func lineStart(f *source.File, i int) int { return bytes.LastIndexByte(f.Text[:i], '\n') + 1 }

// nextLine returns the start of the line after that of byte i, or the end of
// the text.
func nextLine(f *source.File, i int) int {
	n := bytes.IndexByte(f.Text[i:], '\n')
	if n < 0 {
		return len(f.Text)
	}
	return i + n + 1
}

// blanksBefore returns the blanks and tabs just before byte i.
func blanksBefore(f *source.File, i int) string {
	j := i
	for j > 0 && (f.Text[j-1] == ' ' || f.Text[j-1] == '\t') {
		j--
	}
	return string(f.Text[j:i])
}

// lineIndent returns the blanks and tabs that the line of byte i starts with.
func lineIndent(f *source.File, i int) string {
	line := f.Text[lineStart(f, i):i]
	return string(line[:len(line)-len(bytes.TrimLeft(line, " \t"))])
}
