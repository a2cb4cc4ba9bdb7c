package yamltext

import (
	"bytes"

	"bulkhead/internal/source"
)

// Delete returns the edits that take v out, with its key and its lines. A
// mapping or list that is left empty goes too, up to one that Keep marks. The
// result is nil where v is absent or inherited, or holds an anchor that is used
// elsewhere.
func (v Value) Delete() []source.Edit {
	if v.locked || v.at == nil || v.at.parent == nil {
		return nil
	}
	return remove(v.at)
}

func remove(n *node) []source.Edit {
	if n.broken() || n.anchors() {
		return nil
	}
	m := n.parent
	f := n.doc.file
	per := 1
	if m.kind == Mapping {
		per = 2
	}
	if len(m.kids) == per {
		if m.keep || m.used || m.parent == nil || m.parent.kind == Mapping && m.isKey() {
			return empty(m)
		}
		return remove(m)
	}
	i := 0
	for m.kids[i+per-1] != n {
		if i += per; i+per > len(m.kids) {
			return nil // n is a key
		}
	}
	start, end := m.entryStart(i), max(n.end, n.colon)
	if !m.kids[i].alias && !n.alias && n.kind >= Mapping && !n.braces && len(n.kids) > 0 {
		end = n.last()
	}
	switch {
	case m.braces && i+per < len(m.kids):
		return cut(f, start, m.entryStart(i+per))
	case m.braces:
		prev := m.kids[i-1]
		edits := cut(f, max(prev.end, prev.colon), max(end, m.kids[i].end))
		if !prev.braces && prev.endsInColon() {
			edits[0].New = " " // "a:}" would be read as a word
		}
		return edits
	case m.inFlow():
		return nil
	}
	if begin := lineStart(f, start); len(bytes.TrimLeft(f.Text[begin:start], " ")) == 0 {
		return cut(f, begin, blanks(f, nextLine(f, end)))
	}
	if i+per < len(m.kids) { // what follows moves up into its place, next to the dash
		return cut(f, start, m.entryStart(i+per))
	}
	return nil
}

// blanks returns the end of the lines of blanks that start at i. Left behind a
// value that goes, they would be text of a block scalar before it.
func blanks(f *source.File, i int) int {
	for i < len(f.Text) {
		next := nextLine(f, i)
		if line := bytes.TrimRight(f.Text[i:next], "\r\n"); len(line) == 0 || len(bytes.TrimSpace(line)) > 0 {
			break
		}
		i = next
	}
	return i
}

// isKey reports whether n is a key of the mapping it is in.
func (n *node) isKey() bool {
	for i := 0; i < len(n.parent.kids); i += 2 {
		if n.parent.kids[i] == n {
			return true
		}
	}
	return false
}

// entryStart returns where the entry of collection m starts whose first node is
// m.kids[i]: at its dash, at the mark of an explicit key, or at itself.
func (m *node) entryStart(i int) int {
	if k := m.kids[i]; k.colon > 0 {
		return k.colon - 1
	}
	return m.kids[i].outer
}

// empty returns the edit that leaves nothing in collection m.
func empty(m *node) []source.Edit {
	f, text := m.doc.file, "{}"
	if m.kind == Sequence {
		text = "[]"
	}
	start, end := m.start, max(m.end, m.last())
	if !m.braces {
		// Up to the next line: what is appended to m begins there, and there
		// is nothing left that it could follow.
		next := nextLine(f, end)
		text, end = text+string(f.Text[end:next]), next
		if m.colon >= 0 && m.outer == m.start {
			start, text = m.colon, " "+text
		}
	}
	return []source.Edit{{Span: f.Span(start, end), New: text}}
}

func cut(f *source.File, start, end int) []source.Edit {
	return []source.Edit{{Span: f.Span(start, end)}}
}
