package suppress

import (
	"bytes"
	"regexp"
	"strings"
	"time"

	"bulkhead/internal/source"
)

// A comment is one comment that suppresses, in the spelling of Bulkhead or of
// another tool.
type comment struct {
	span    source.Span // from the # to the end of the comment
	ids     []string    // of rules, as written
	reason  string
	until   time.Time
	badDate string // what stands where a date should
	foreign bool   // another tool's: it owes us no reason and no use
	whole   bool   // it covers the whole file
	first   int    // lines covered, when not the whole file
	last    int
	used    map[string]bool // ids that silenced something
}

// markers are what a line must hold to be looked at.
var markers = [...]string{"bulkhead:ignore", "hadolint", "trivy:ignore:", "checkov:skip="}

// What is heeded of one file, and of one comment; nobody writes more.
const (
	maxComments = 10_000
	maxIDs      = 64
)

// A scanner finds the comments of one file. It never looks at a byte more
// often than there are markers, whatever the file holds.
type scanner struct {
	file *source.File
	next [len(markers)]int // offset of the next of each marker; -1 is none, 0 is not looked for yet
	prev *comment
}

// comments returns the comments of f that suppress, in order.
func comments(f *source.File) []*comment {
	var out []*comment
	s := &scanner{file: f}
	for at := 0; len(out) < maxComments; {
		found := s.marker(at)
		if found < 0 {
			break
		}
		number := f.Span(found, found).Position().Line
		if c := s.parse(number); c != nil {
			out = append(out, c)
			s.prev = c
		}
		at = f.LineStart(number + 1)
	}
	return out
}

// marker returns the offset of the first marker from at on, or -1.
func (s *scanner) marker(at int) int {
	first := -1
	for i, m := range markers {
		if s.next[i] >= 0 && (s.next[i] < at || at == 0) {
			s.next[i] = bytes.Index(s.file.Text[at:], []byte(m))
			if s.next[i] >= 0 {
				s.next[i] += at
			}
		}
		if n := s.next[i]; n >= 0 && (first < 0 || n < first) {
			first = n
		}
	}
	return first
}

var (
	ours           = regexp.MustCompile(`^#[ \t]*bulkhead:ignore(?:$|[ \t]+)(.*)$`)
	hadolint       = regexp.MustCompile(`^#[ \t]*hadolint[ \t]+(global[ \t]+)?ignore[ \t]*=[ \t]*([\w, \t]+)`)
	trivy          = regexp.MustCompile(`trivy:ignore:([\w-]+)(?:\[[^\]]*\])?(?::exp:(\d{4}-\d{2}-\d{2}))?`)
	checkov        = regexp.MustCompile(`checkov:skip=([\w, \t]+)(?::(.*))?$`)
	untilParameter = regexp.MustCompile(`(?:^|[ \t])until=(\S*)`)
)

// parse returns the comment on the given line, or nil where it is none that
// suppresses.
func (s *scanner) parse(number int) *comment {
	f := s.file
	line := f.Line(number)
	start := hash(line)
	if start < 0 {
		return nil
	}
	text := strings.TrimRight(string(line[start:]), " \t")
	c := &comment{used: map[string]bool{}}
	switch {
	case ours.MatchString(text):
		c.ours(ours.FindStringSubmatch(text)[1])
	case !c.other(text):
		return nil
	}
	c.ids = c.ids[:min(len(c.ids), maxIDs)]
	first := f.LineStart(number) + start
	c.span = f.Span(first, first+len(text))
	c.first = number
	alone := len(bytes.TrimSpace(line[:start])) == 0
	if prev := s.prev; alone && prev != nil && prev.first > number {
		c.first, c.last = prev.first, prev.last // only comments are between
		return c
	}
	if alone {
		c.first = nextLine(f, number)
	}
	c.last = lastLine(f, c.first)
	return c
}

// hash returns where the comment of line starts: at the first # that stands
// first or after a blank and is followed by a marker.
func hash(line []byte) int {
	for i, b := range line {
		if b != '#' || i > 0 && line[i-1] != ' ' && line[i-1] != '\t' {
			continue
		}
		rest := bytes.TrimLeft(line[i+1:], " \t")
		for _, m := range markers {
			if bytes.HasPrefix(rest, []byte(m)) {
				return i
			}
		}
	}
	return -1
}

// ours reads what follows "bulkhead:ignore": rules, parameters, a reason
// after two hyphens.
func (c *comment) ours(text string) {
	head, reason, _ := strings.Cut(" "+text, " --")
	c.reason = strings.TrimSpace(reason)
	if m := untilParameter.FindStringSubmatch(head); m != nil {
		t, err := time.Parse(time.DateOnly, m[1])
		c.until = t
		if err != nil {
			c.badDate = m[1]
		}
		head = strings.Replace(head, m[0], " ", 1)
	}
	c.ids = strings.FieldsFunc(head, separator)
}

// other reads the comments of other tools and reports whether text is one.
func (c *comment) other(text string) bool {
	c.foreign = true
	if m := hadolint.FindStringSubmatch(text); m != nil {
		c.ids, c.whole = strings.FieldsFunc(m[2], separator), m[1] != ""
		c.reason = "hadolint ignore"
		return true
	}
	if m := checkov.FindStringSubmatch(text); m != nil {
		// Checkov takes a comment anywhere in a Dockerfile for all of it.
		c.ids, c.whole, c.reason = strings.FieldsFunc(m[1], separator), true, strings.TrimSpace(m[2])
		if c.reason == "" {
			c.reason = "checkov skip"
		}
		return true
	}
	if m := trivy.FindStringSubmatch(text); m != nil {
		c.ids, c.reason = []string{m[1]}, "trivy ignore"
		if t, err := time.Parse(time.DateOnly, m[2]); err == nil {
			c.until = t
		}
		return true
	}
	return false
}

func separator(r rune) bool { return r == ',' || r == ' ' || r == '\t' }

// nextLine returns the first line after number that is neither blank nor a
// comment: the one a comment above it is about. Where there is none, it is the
// line after the last.
func nextLine(f *source.File, number int) int {
	for n := number + 1; n <= f.Lines(); n++ {
		if text := bytes.TrimSpace(f.Line(n)); len(text) > 0 && text[0] != '#' {
			return n
		}
	}
	return f.Lines() + 1
}

// lastLine returns the last line of what starts on first: a line that ends in
// a backslash (or, in a Dockerfile for Windows, a backquote) goes on on the
// next, comments and blank lines between do not end it, and a here-document
// goes on to its delimiter.
func lastLine(f *source.File, first int) int {
	last := first
	for n := first; n <= f.Lines(); n++ {
		text := bytes.TrimSpace(f.Line(n))
		if n > first && (len(text) == 0 || text[0] == '#') {
			continue
		}
		last = n
		if len(text) == 0 || text[len(text)-1] != '\\' && text[len(text)-1] != '`' {
			break
		}
	}
	return heredoc(f, first, last)
}

var heredocStart = regexp.MustCompile(`^[ \t]*(?i:RUN|COPY|ADD)\b.*<<-?["']?(\w+)`)

// heredoc returns the line of the delimiter of the here-document that the
// instruction on lines first to last opens, or last.
func heredoc(f *source.File, first, last int) int {
	line := f.Line(first)
	if !bytes.Contains(line, []byte("<<")) {
		return last
	}
	m := heredocStart.FindSubmatch(line)
	if m == nil {
		return last
	}
	for n := last + 1; n <= f.Lines(); n++ {
		if bytes.Equal(bytes.TrimSpace(f.Line(n)), m[1]) {
			return n
		}
	}
	return last
}

// covers reports whether c is about the given line of its file.
func (c *comment) covers(line int) bool {
	return c.whole || line >= c.first && line <= c.last
}
