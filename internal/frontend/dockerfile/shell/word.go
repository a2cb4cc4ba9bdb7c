package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// offsets returns the bytes of the text that node covers.
func (w *walker) offsets(node syntax.Node) (start, end int) {
	start = min(int(node.Pos().Offset()), len(w.text.S))
	end = min(max(int(node.End().Offset()), start), len(w.text.S))
	return start, end
}

func (w *walker) span(node syntax.Node) source.Span { return w.text.Span(w.offsets(node)) }

// word returns the word at node: its value where that is static, its text as
// written and Unknown elsewhere.
func (w *walker) word(node *syntax.Word) model.Word {
	start, end := w.offsets(node)
	at := place{w.text, start, end}
	f := model.Word{State: model.Set, Span: w.text.Span(start, end), Edit: at.replace, Delete: at.remove}
	raw := w.text.S[start:end]
	if len(node.Parts) == 1 && strings.IndexByte(raw, '\\') < 0 {
		if _, ok := node.Parts[0].(*syntax.Lit); ok {
			f.Value = raw
			return f
		}
	}
	var b Builder
	if !w.decode(&b, node.Parts, unquoted) {
		f.Value, f.State = raw, model.Unknown
		return f
	}
	f.Value = b.b.String()
	return f
}

// textOf returns the decoded text of a static word.
func (w *walker) textOf(node *syntax.Word) (Text, bool) {
	var b Builder
	if !w.decode(&b, node.Parts, unquoted) {
		return Text{}, false
	}
	t := b.Text(w.text.File)
	t.Escape, t.Nested = w.text.Escape, true
	return t, true
}

// quotes are those around a part of a word.
type quotes uint8

const (
	unquoted quotes = iota
	doubleQuoted
)

// decode appends what parts stand for, and reports whether that is static.
func (w *walker) decode(b *Builder, parts []syntax.WordPart, q quotes) bool {
	for _, part := range parts {
		start, end := w.offsets(part)
		switch part := part.(type) {
		case *syntax.Lit:
			w.unescape(b, start, end, q)
		case *syntax.SglQuoted:
			open := 1
			if part.Dollar {
				open = 2
			}
			if end-start <= open {
				return false
			}
			if part.Dollar && strings.IndexByte(w.text.S[start:end], '\\') >= 0 {
				return false
			}
			w.copy(b, start+open, end-1)
		case *syntax.DblQuoted:
			if part.Dollar || !w.decode(b, part.Parts, doubleQuoted) {
				return false
			}
		case *syntax.ExtGlob:
			w.copy(b, start, end)
		default:
			return false
		}
	}
	return true
}

// copy appends bytes start to end of the text as they are.
func (w *walker) copy(b *Builder, start, end int) {
	if len(w.text.runs) == 1 {
		b.Add(w.text.S[start:end], w.text.Offset(start))
		return
	}
	for start < end {
		// A run of the file at a time, so that places stay exact across line
		// continuations.
		stop := start + 1
		for stop < end && w.text.Offset(stop)-w.text.Offset(start) == stop-start {
			stop++
		}
		b.Add(w.text.S[start:stop], w.text.Offset(start))
		start = stop
	}
}

// unescape appends the literal at start to end without its backslashes.
func (w *walker) unescape(b *Builder, start, end int, q quotes) {
	s := w.text.S
	for start < end {
		i := strings.IndexByte(s[start:end], '\\')
		if i < 0 || start+i+1 >= end {
			w.copy(b, start, end)
			return
		}
		w.copy(b, start, start+i)
		start += i
		switch next := s[start+1]; {
		case next == '\n':
			start += 2
		case q == doubleQuoted && strings.IndexByte("$`\"\\", next) < 0:
			w.copy(b, start, start+1)
			start++
		default:
			w.copy(b, start+1, start+2)
			start += 2
		}
	}
}
