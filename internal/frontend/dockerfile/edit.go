package dockerfile

import (
	"bytes"
	"encoding/json"
	"strings"

	"bulkhead/internal/frontend/dockerfile/shell"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// An editor edits one part of one instruction.
type editor struct {
	reader *reader
	in     *model.Instruction
	st     *statement
	index  int         // of a word
	span   source.Span // of a value
	at     int         // where the flag or pair starts in the line
	legacy bool        // ENV NAME value
	bare   bool        // ARG NAME
}

func (e editor) setWord(v string) []source.Edit {
	t := e.st.words[e.index]
	span := e.st.text.Span(t.start, t.end)
	escaped := v
	if expands(e.st.name) {
		escaped = e.escape(v, "$'\"")
	}
	switch {
	case strings.ContainsAny(v, "\r\n\x00") || e.st.name == "HEALTHCHECK" && e.index == 0:
		return nil
	case e.st.json:
		return []source.Edit{{Span: span, New: quoteJSON(escaped)}}
	}
	switch e.st.name {
	case "ADD", "COPY", "VOLUME", "EXPOSE", "FROM":
		if v == "" || strings.ContainsAny(v, separators) || strings.HasPrefix(v, "--") {
			return nil
		}
	case "USER", "WORKDIR", "STOPSIGNAL":
		escaped = e.quoted(v, t.value)
		if v == "" {
			return nil
		}
	default: // the text of a script
		return nil
	}
	return []source.Edit{{Span: span, New: escaped}}
}

func (e editor) deleteWord() []source.Edit {
	t := e.st.words[e.index]
	switch e.st.name {
	case "USER", "WORKDIR", "STOPSIGNAL", "MAINTAINER":
		return e.in.Delete()
	case "EXPOSE", "VOLUME":
		if len(e.st.words) == 1 {
			return e.in.Delete()
		}
	case "ADD", "COPY":
		if len(e.st.words) <= 2 || e.index == len(e.st.words)-1 {
			return nil
		}
	case "RUN", "CMD", "ENTRYPOINT", "SHELL":
		if !e.st.json || len(e.st.words) == 1 {
			return nil
		}
	default:
		return nil
	}
	if e.st.json {
		return e.deleteElement()
	}
	if e.index == 0 {
		return e.removeFirst(e.st.text.Span(t.start, t.end))
	}
	return e.remove(e.st.text.Span(t.start, t.end))
}

// deleteElement takes an element of a JSON array out, with one comma.
func (e editor) deleteElement() []source.Edit {
	words := e.st.words
	first := 0
	if e.st.name == "HEALTHCHECK" {
		first = 1
	}
	t := words[e.index]
	from, to := t.start, t.end
	if e.index > first {
		from = words[e.index-1].end
	} else {
		to = words[e.index+1].start
	}
	return []source.Edit{{Span: e.st.text.Span(from, to)}}
}

// removeFirst takes the first word of an instruction out, with the blank
// after it where the line goes on.
func (e editor) removeFirst(span source.Span) []source.Edit {
	text, end := span.File.Text, span.End
	for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
		end++
	}
	if end > span.End && end < len(text) && text[end] != e.reader.expand.escape {
		return []source.Edit{{Span: span.File.Span(span.Start, end)}}
	}
	return e.remove(span)
}

// remove takes the word at span out with the blank before it.
func (e editor) remove(span source.Span) []source.Edit {
	start, ok := shell.Before(span, e.reader.expand.escape)
	if !ok {
		return nil
	}
	return []source.Edit{{Span: span.File.Span(start, span.End)}}
}

func (e editor) setFlag(v string) []source.Edit {
	if v == "" || strings.ContainsAny(v, " \t\r\n\v\f\x00'\"$`\\") {
		return nil
	}
	return []source.Edit{{Span: e.span, New: v}}
}

func (e editor) deleteFlag() []source.Edit {
	for _, t := range e.st.flags {
		if t.start == e.at {
			return e.remove(e.st.text.Span(t.start, t.end))
		}
	}
	return nil
}

func (e editor) setPair(v string) []source.Edit {
	if strings.ContainsAny(v, "\r\n\x00") {
		return nil
	}
	switch {
	case e.bare:
		end := e.span.End
		return []source.Edit{{Span: e.span.File.Span(end, end), New: "=" + e.quoted(v, ""), Key: e.span.Text()}}
	case e.legacy:
		if strings.TrimSpace(v) != v || v == "" {
			return nil
		}
		return []source.Edit{{Span: e.span, New: e.escape(v, "$'\"")}}
	}
	return []source.Edit{{Span: e.span, New: e.quoted(v, e.span.Text())}}
}

func (e editor) deletePair() []source.Edit {
	if len(e.st.pairs) == 1 {
		return e.in.Delete()
	}
	for i, p := range e.st.pairs {
		if p.key.start == e.at {
			end := max(p.value.end, p.key.end)
			if i == 0 {
				return e.removeFirst(e.st.text.Span(p.key.start, end))
			}
			return e.remove(e.st.text.Span(p.key.start, end))
		}
	}
	return nil
}

// quoted returns v in the quotes of old, or in double quotes where it needs
// some.
func (e editor) quoted(v, old string) string {
	if n := len(old); n >= 2 && old[0] == '\'' && old[n-1] == '\'' && !strings.Contains(v, "'") {
		return "'" + v + "'"
	}
	double := len(old) >= 2 && old[0] == '"' && old[len(old)-1] == '"'
	if double || strings.HasPrefix(v, "--") || strings.ContainsAny(v, "\t\v\f '\"$\\`") {
		return `"` + e.escape(v, `$"`) + `"`
	}
	return v
}

// escape puts the escape character before every byte of v that is one of
// specials or the escape character itself.
func (e editor) escape(v, specials string) string {
	c := e.reader.expand.escape
	if !strings.ContainsAny(v, specials+string(rune(c))) {
		return v
	}
	var b strings.Builder
	for i := range len(v) {
		if v[i] == c || strings.IndexByte(specials, v[i]) >= 0 {
			b.WriteByte(c)
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

// quoteJSON returns v as a JSON string, with no more escapes than it needs.
func quoteJSON(v string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// arrayJSON returns args as a JSON array in the style of Dockerfiles.
func arrayJSON(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = quoteJSON(a)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
