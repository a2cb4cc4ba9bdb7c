package falco

import (
	"strings"

	"bulkhead/internal/source"
)

// maxText bounds a condition with its lists put in. The longest of upstream's
// has 8 kB; lists that hold lists can double with every one.
const maxText = 1 << 20

// A place is one byte of a rule file.
type place struct {
	file   *source.File
	offset int
}

func (p place) span() source.Span {
	if p.file == nil {
		return source.Span{}
	}
	return p.file.Span(p.offset, p.offset)
}

// A text is a condition or an output together with where each of its bytes is
// written. Folding, escapes, appended conditions and lists put in leave every
// byte at the place a user would look for it.
type text struct {
	s  string
	at []place // one for every byte of s
}

// place returns where the byte at offset is written; past the end, where the
// last byte is.
func (t text) place(offset int) place {
	switch {
	case len(t.at) == 0:
		return place{}
	case offset >= len(t.at):
		return t.at[len(t.at)-1]
	}
	return t.at[offset]
}

// literal returns s as if all of it were written at p.
func literal(s string, p place) text {
	at := make([]place, len(s))
	for i := range at {
		at[i] = p
	}
	return text{s, at}
}

// join returns the parts one after the other.
func join(parts ...text) text {
	var w writer
	for _, p := range parts {
		w.add(p)
	}
	return text{string(w.s), w.at}
}

func (t text) slice(start, end int) text { return text{t.s[start:end], t.at[start:end]} }

// quoted returns t in quotes if it holds a blank, as the engine puts the items
// of lists and exceptions into conditions.
func (t text) quoted() text {
	if !strings.Contains(t.s, " ") || t.s[0] == '"' || t.s[0] == '\'' {
		return t
	}
	q := literal(`"`, t.place(0))
	return join(q, t, q)
}

const blanks = " \t\n\r"

// isDelimiter reports whether b may stand next to the name of a list.
func isDelimiter(b byte) bool { return strings.IndexByte(blanks+"(),=", b) >= 0 }

// substitute replaces name in t by sub and reports whether it was there. A
// list without items also takes a neighbouring comma with it.
func (t text) substitute(name string, sub text) (text, bool) {
	var out writer
	used := false
	for from := 0; ; {
		i := strings.Index(t.s[from:], name)
		if i < 0 || len(out.s) > maxText {
			out.add(t.slice(from, len(t.s)))
			return text{string(out.s), out.at}, used
		}
		start := from + i
		end := start + len(name)
		if start > from && !isDelimiter(t.s[start-1]) || end < len(t.s) && !isDelimiter(t.s[end]) {
			out.add(t.slice(from, start+1))
			from = start + 1
			continue
		}
		out.add(t.slice(from, start))
		out.trim(blanks, len(out.s))
		for end < len(t.s) && isBlank(t.s[end]) {
			end++
		}
		if sub.s == "" && !out.trim(",", 1) && end < len(t.s) && t.s[end] == ',' {
			end++
		}
		blank := literal(" ", t.place(start))
		if len(out.s) > 0 {
			out.add(blank)
		}
		out.add(sub)
		out.add(blank)
		from, used = end, true
	}
}

// A writer puts a text together.
type writer struct {
	s  []byte
	at []place
}

func (w *writer) add(t text) {
	w.s = append(w.s, t.s...)
	w.at = append(w.at, t.at...)
}

// trim drops at most n bytes of set from the end and reports whether there was
// one.
func (w *writer) trim(set string, n int) bool {
	end := len(w.s)
	for n > 0 && end > 0 && strings.IndexByte(set, w.s[end-1]) >= 0 {
		end--
		n--
	}
	trimmed := end < len(w.s)
	w.s, w.at = w.s[:end], w.at[:end]
	return trimmed
}

// align returns where each byte of value, the decoded scalar that starts at
// start, is written. Where the two do not fit together, which takes tags and
// anchors or escapes of control characters, it is the start.
func align(f *source.File, value string, start int) text {
	t := literal(value, place{f, start})
	a := aligner{src: f.Text, at: start}
	a.header()
	for i := 0; i < len(value); {
		n, offset := a.next(value[i:])
		if n == 0 {
			return literal(value, place{f, start})
		}
		for range n {
			t.at[i].offset = offset
			i++
		}
	}
	return t
}

// An aligner walks the text of a scalar beside its value.
type aligner struct {
	src   []byte
	at    int
	style byte // a quote, '|' or '>', or 0 for a plain scalar
}

// header skips what stands before the text of a scalar.
func (a *aligner) header() {
	if a.at >= len(a.src) {
		return
	}
	switch c := a.src[a.at]; c {
	case '"', '\'':
		a.style = c
		a.at++
	case '|', '>':
		a.style = c
		for a.at < len(a.src) && a.src[a.at] != '\n' {
			a.at++
		}
	}
}

// next returns how many bytes of value the next piece of the text stands for,
// and where it is; 0 bytes where the two do not fit.
func (a *aligner) next(value string) (n, offset int) {
	if isBlank(value[0]) {
		offset = a.at
		if a.at < len(a.src) && isBlank(a.src[a.at]) {
			a.at++ // a run of line ends and indentation is skipped by the next word
		} else if a.style == '"' && a.at < len(a.src) && a.src[a.at] == '\\' {
			return a.escape(value)
		}
		return 1, offset
	}
	for a.at < len(a.src) && isBlank(a.src[a.at]) {
		a.at++
	}
	if a.at >= len(a.src) {
		return 0, 0
	}
	switch {
	case a.style == '"' && a.src[a.at] == '\\':
		return a.escape(value)
	case a.style == '\'' && a.src[a.at] == '\'':
		a.at++
	}
	if a.at >= len(a.src) || a.src[a.at] != value[0] {
		return 0, 0
	}
	a.at++
	return 1, a.at - 1
}

// escape steps over one escape of a double-quoted scalar.
func (a *aligner) escape(value string) (n, offset int) {
	offset = a.at
	if a.at+1 >= len(a.src) {
		return 0, 0
	}
	switch a.src[a.at+1] {
	case '\n', '\r': // a line end that does not count
		a.at++
		return a.next(value)
	case 'x':
		a.at += 4
	case 'u':
		a.at += 6
	case 'U':
		a.at += 10
	default:
		a.at += 2
	}
	n = 1
	for n < len(value) && value[n]&0xc0 == 0x80 {
		n++ // an escape may stand for a character of several bytes
	}
	return n, offset
}

func isBlank(b byte) bool { return strings.IndexByte(blanks, b) >= 0 }
