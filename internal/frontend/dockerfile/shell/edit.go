package shell

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"bulkhead/internal/source"
)

// A place is some bytes of a text that may be edited.
type place struct {
	text       *Text
	start, end int
}

// replace returns the edits that make the word at p say v.
func (p place) replace(v string) []source.Edit {
	span := p.text.Span(p.start, p.end)
	q, ok := p.text.quote(v, p.text.S[p.start:p.end])
	if !ok {
		return nil
	}
	return []source.Edit{{Span: span, New: q}}
}

// insertAfter returns the edits that put v after the word at span.
func (t *Text) insertAfter(span source.Span, v string) []source.Edit {
	q, ok := t.quote(v, "")
	if !ok || !span.IsValid() {
		return nil
	}
	return []source.Edit{{Span: span.File.Span(span.End, span.End), New: " " + q, Key: v}}
}

// remove returns the edits that take the word at p out.
func (p place) remove() []source.Edit {
	span := p.text.Span(p.start, p.end)
	start, ok := Before(span, p.text.Escape)
	if !ok {
		return nil
	}
	return []source.Edit{{Span: p.text.File.Span(start, span.End)}}
}

// Before returns where the blank before the word at span starts, line
// continuations included, so that taking both out leaves the rest of the line
// joined as it was. It reports false where that is not possible because a
// comment stands between the word and the line it continues.
func Before(span source.Span, escape byte) (int, bool) {
	text, at := span.File.Text, span.Start
	for {
		start := at
		for start > 0 && (text[start-1] == ' ' || text[start-1] == '\t') {
			start--
		}
		end := start
		if end > 0 && text[end-1] == '\n' {
			end--
			if end > 0 && text[end-1] == '\r' {
				end--
			}
		}
		if end == start {
			return start, true
		}
		for end > 0 && (text[end-1] == ' ' || text[end-1] == '\t') {
			end--
		}
		if end == 0 || text[end-1] != escape {
			return start, continued(text, span.End, escape)
		}
		at = end - 1
	}
}

// continued reports whether the line goes on after offset end.
func continued(text []byte, end int, escape byte) bool {
	for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
		end++
	}
	return end < len(text) && text[end] != '\n' && text[end] != '\r' && (text[end] != escape || end+1 < len(text))
}

// quote returns v as a shell word, in the quotes of old where they fit.
func (t *Text) quote(v, old string) (string, bool) {
	switch nested := t.Nested; {
	case v == "" && nested, strings.ContainsAny(v, "\n\r\x00"):
		return "", false
	case quotedWith(old, '\'') && !nested && !strings.Contains(v, "'"):
		return "'" + v + "'", true
	case quotedWith(old, '"') && !nested && !strings.ContainsAny(v, "\"$`\\!"):
		return `"` + v + `"`, true
	case v != "" && strings.IndexFunc(v, special) < 0:
		return v, true
	case nested:
		return "", false
	}
	q, err := syntax.Quote(v, syntax.LangPOSIX)
	return q, err == nil
}

func quotedWith(word string, mark byte) bool {
	return len(word) >= 2 && word[0] == mark && word[len(word)-1] == mark
}

// special reports whether r means something to a shell or to what may be
// around it.
func special(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("_./:=@%+,-", r)
}
