// Package shell reads shell scripts that stand inside other files and says
// what commands they run, each word with its place in the file.
package shell

import (
	"sort"
	"strings"

	"bulkhead/internal/source"
)

// A Text is a script put together from pieces of a file: continuation lines
// joined, comments between them left out, quotes and escapes of the format
// around it decoded. It knows where in the file each byte comes from.
type Text struct {
	File *source.File
	S    string

	// Escape is the byte that continues a line in File: '\\', or '`' in some
	// Dockerfiles.
	Escape byte

	// Nested is set where the script is itself quoted in File, as a JSON
	// string or as the argument of sh -c. Only plain words are put into it.
	Nested bool

	base int // of S[0] in runs
	runs []run
}

// A run is a stretch of text that is contiguous in the file.
type run struct {
	at  int // first byte in the text
	src int // first byte in the file
}

// NewText returns the text of f from start to end. whole is all of f's text,
// shared so that texts need no copy.
func NewText(f *source.File, whole string, start, end int) Text {
	return Text{File: f, S: whole[start:end], Escape: '\\', runs: []run{{0, start}}}
}

// Offset returns the offset in the file of byte i of t.
func (t *Text) Offset(i int) int {
	i += t.base
	if len(t.runs) == 1 {
		return t.runs[0].src + i - t.runs[0].at
	}
	if len(t.runs) == 0 {
		return 0
	}
	n := sort.Search(len(t.runs), func(k int) bool { return t.runs[k].at > i }) - 1
	r := t.runs[max(n, 0)]
	return r.src + i - r.at
}

// Span returns the span in the file of bytes start to end of t, whatever
// stands between them included.
func (t *Text) Span(start, end int) source.Span {
	start = min(max(start, 0), len(t.S))
	end = min(max(end, start), len(t.S))
	from := t.Offset(start)
	if start == end {
		if start > 0 && start == len(t.S) {
			from = t.Offset(start-1) + 1
		}
		return t.File.Span(from, from)
	}
	return t.File.Span(from, t.Offset(end-1)+1)
}

// Sub returns the text of bytes start to end of t.
func (t *Text) Sub(start, end int) Text {
	sub := *t
	sub.S, sub.base = t.S[start:end], t.base+start
	return sub
}

// A Builder puts a Text together.
type Builder struct {
	b    strings.Builder
	runs []run
}

// Add appends s, which starts at offset src of the file.
func (b *Builder) Add(s string, src int) {
	if s == "" {
		return
	}
	at := b.b.Len()
	if n := len(b.runs); n == 0 || src-b.runs[n-1].src != at-b.runs[n-1].at {
		b.runs = append(b.runs, run{at, src})
	}
	b.b.WriteString(s)
}

// AddDecoded appends s, the decoded form of what starts at offset src of the
// file: an escape sequence, or a byte that is only implied.
func (b *Builder) AddDecoded(s string, src int) {
	for i := range len(s) {
		b.runs = append(b.runs, run{b.b.Len(), src})
		b.b.WriteByte(s[i])
	}
}

// AddText appends t.
func (b *Builder) AddText(t *Text) {
	for i := 0; i < len(t.S); {
		src, stop := t.Offset(i), len(t.S)
		for _, r := range t.runs {
			if at := r.at - t.base; at > i {
				stop = min(stop, at)
				break
			}
		}
		b.Add(t.S[i:stop], src)
		i = stop
	}
}

// Text returns what was added as a text of f.
func (b *Builder) Text(f *source.File) Text {
	return Text{File: f, S: b.b.String(), Escape: '\\', runs: b.runs}
}
