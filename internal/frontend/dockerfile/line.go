package dockerfile

import (
	"slices"
	"strings"
	"unicode"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"bulkhead/internal/frontend/dockerfile/shell"
	"bulkhead/internal/source"
)

// maxLine is the longest line BuildKit reads, its end included.
const maxLine = 64 << 10

// A line is one logical line: physical lines joined where the escape
// character ends them, comments and blank lines between them left out.
type line struct {
	start int // offset of the first physical line
	end   int // offset after the text of the last line, its line end not counted
	next  int // offset of the physical line after it, here-documents included

	first, last int // numbers of the physical lines, here-documents included

	text shell.Text
	open bool // the file ends where the line was to go on
}

// A scanner cuts a Dockerfile into logical lines, as package parser of
// BuildKit does, and keeps where each byte comes from.
type scanner struct {
	file   *source.File
	whole  string // the text of file
	pos    int
	number int // physical lines read
	escape byte
	seen   []string // directives met
	begun  bool     // no directive can follow
	fault  func(span source.Span, message string)
}

// physical reads the next physical line and returns the offsets of its text.
func (s *scanner) physical() (start, end int, ok bool) {
	if s.pos >= len(s.whole) {
		return s.pos, s.pos, false
	}
	start = s.pos
	if i := strings.IndexByte(s.whole[start:], '\n'); i >= 0 {
		s.pos = start + i + 1
	} else {
		s.pos = len(s.whole)
	}
	s.number++
	if n := s.pos - start; n > maxLine || n == maxLine && s.whole[s.pos-1] != '\n' {
		s.fault(s.file.Span(start, start+1), "line is longer than 65535 bytes")
	}
	end = start + len(strings.TrimRight(s.whole[start:s.pos], "\r\n"))
	if s.number == 1 {
		start += len(s.whole[start:end]) - len(strings.TrimPrefix(s.whole[start:end], "\ufeff"))
	}
	return start, end, true
}

// line reads the next logical line that is neither empty nor a comment.
func (s *scanner) line() (line, bool) {
	for {
		start, end, ok := s.physical()
		if !ok {
			return line{}, false
		}
		l := line{start: start, first: s.number}
		start += blanks(s.whole[start:end])
		s.directive(start, end)
		if start < end && s.whole[start] == '#' {
			continue
		}
		stop, more := s.continuation(start, end)
		if !more && start == stop {
			continue
		}
		l.end = end
		if more {
			s.join(&l, start, stop)
		} else {
			l.text = shell.NewText(s.file, s.whole, start, stop)
		}
		l.text.Escape = s.escape
		l.next, l.last = s.pos, s.number
		return l, true
	}
}

// join reads the lines that continue l, whose first one has its text at start
// to stop.
func (s *scanner) join(l *line, start, stop int) {
	var b shell.Builder
	b.Add(s.whole[start:stop], start)
	for more := true; more; {
		start, end, ok := s.physical()
		if !ok {
			l.open = true
			break
		}
		text := s.whole[start:end]
		lead := blanks(text)
		if lead == len(text) || text[lead] == '#' {
			continue
		}
		stop, more = s.continuation(start, end)
		b.Add(s.whole[start:stop], start)
		l.end = end
	}
	l.text = b.Text(s.file)
}

// continuation returns where the text of the line at start to end stops, and
// whether the next line continues it. An escape character that is itself
// escaped continues nothing.
func (s *scanner) continuation(start, end int) (stop int, more bool) {
	stop = end
	for stop > start && (s.whole[stop-1] == ' ' || s.whole[stop-1] == '\t') {
		stop--
	}
	if stop == start || s.whole[stop-1] != s.escape || stop-1 > start && s.whole[stop-2] == s.escape {
		return end, false
	}
	return stop - 1, true
}

// directive reads the line at start to end as a parser directive, if it can
// be one. Directives come before everything else, comments included.
func (s *scanner) directive(start, end int) {
	if s.begun {
		return
	}
	name, value := directive(s.whole[start:end])
	if name == "" {
		s.begun = true
		return
	}
	span := s.file.Span(start, end)
	if slices.Contains(s.seen, name) {
		s.fault(span, "only one "+name+" parser directive can be used")
		return
	}
	s.seen = append(s.seen, name)
	if name != "escape" {
		return
	}
	if value != "`" && value != `\` {
		s.fault(span, "the escape directive takes ` or \\")
		return
	}
	s.escape = value[0]
}

// directive splits "# name=value". The name is empty where text is none of
// the directives BuildKit knows.
func directive(text string) (name, value string) {
	text, ok := strings.CutPrefix(text, "#")
	if !ok {
		return "", ""
	}
	name, value, ok = strings.Cut(strings.TrimLeftFunc(text, unicode.IsSpace), "=")
	name = strings.ToLower(strings.TrimRight(name, "\t\n\f\r "))
	if !ok || value == "" {
		return "", ""
	}
	if value = strings.Trim(value, "\t\n\f\r "); value == "" {
		value = " " // blanks are a value where there is nothing else
	}
	switch name {
	case "syntax", "escape", "check":
		return name, value
	}
	return "", ""
}

// heredoc reads the body of a here-document and returns its offsets. It
// reports false where its terminator is missing.
func (s *scanner) heredoc(h parser.Heredoc) (start, end int, ok bool) {
	start = s.pos
	for s.pos < len(s.whole) {
		from := s.pos
		_, to, _ := s.physical()
		text := s.whole[from:to]
		if h.Chomp {
			text = strings.TrimLeft(text, "\t")
		}
		if text == h.Name {
			return start, from, true
		}
	}
	return start, s.pos, false
}

// blanks returns the length of the white space that s starts with.
func blanks(s string) int {
	if s == "" || s[0] > ' ' && s[0] < 0x80 {
		return 0
	}
	return len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
}
