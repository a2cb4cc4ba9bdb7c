// Package source holds the text of the files Bulkhead reads, the spans that
// point into it, and the edits that change it.
package source

import (
	"slices"
	"sort"
	"strconv"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// A File is the text of one artifact. It never changes once built.
type File struct {
	Name string // slash-separated, as printed: relative to the directory being checked
	Path string // the file on disk that edits are written to; empty where there is none
	Text []byte

	once    sync.Once
	lines   []int  // byte offset of the first byte of each line; see index
	newline string // see Newline
	marks   []mark // see units; empty where all of Text is ASCII
}

// NewFile returns the file called name that holds text. It keeps text; the
// caller must not modify it.
func NewFile(name string, text []byte) *File { return &File{Name: name, Text: text} }

// index returns the offsets of the lines. Most files raise no finding and are
// never printed, so the offsets are worked out when first asked for.
func (f *File) index() []int {
	f.once.Do(func() {
		f.lines = []int{0}
		for i, b := range f.Text {
			if b == '\n' {
				f.lines = append(f.lines, i+1)
			}
		}
		f.mark()
		f.newline = "\n"
		if len(f.lines) > 1 && f.lines[1] > 1 && f.Text[f.lines[1]-2] == '\r' {
			f.newline = "\r\n"
		}
	})
	return f.lines
}

// A mark says how many UTF-16 code units the runes before a place take.
type mark struct{ offset, units int }

// markEvery is how far marks are apart, in bytes.
const markEvery = 1 << 10

// mark sets the marks. Without them the columns of a long line would each be
// counted from its start.
func (f *File) mark() {
	if !slices.ContainsFunc(f.Text, func(b byte) bool { return b >= utf8.RuneSelf }) {
		return
	}
	units := 0
	for at := 0; at < len(f.Text); {
		if at >= len(f.marks)*markEvery {
			f.marks = append(f.marks, mark{at, units})
		}
		r, size := utf8.DecodeRune(f.Text[at:])
		units += utf16.RuneLen(r)
		at += size
	}
}

// units returns how many UTF-16 code units the text before offset takes.
func (f *File) units(offset int) int {
	if len(f.marks) == 0 {
		return offset
	}
	k := min(offset/markEvery, len(f.marks)-1)
	if f.marks[k].offset > offset {
		k-- // the rune at the mark starts before offset and ends behind it
	}
	n := f.marks[k].units
	for rest := f.Text[f.marks[k].offset:offset]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		n += utf16.RuneLen(r)
		rest = rest[size:]
	}
	return n
}

// Lines returns the number of lines of f. Text after the last line end, even
// none, counts as one.
func (f *File) Lines() int { return len(f.index()) }

// LineStart returns the byte offset of the given 1-based line. A line past the
// end starts at the end of the text.
func (f *File) LineStart(line int) int {
	lines := f.index()
	switch {
	case line < 1:
		return 0
	case line > len(lines):
		return len(f.Text)
	}
	return lines[line-1]
}

// Line returns the text of the given 1-based line without its line end.
func (f *File) Line(line int) []byte {
	start, end := f.LineStart(line), f.LineStart(line+1)
	for end > start && (f.Text[end-1] == '\n' || f.Text[end-1] == '\r') {
		end--
	}
	return f.Text[start:end]
}

// Span returns the span of f from start to end, both cut to the text.
func (f *File) Span(start, end int) Span {
	n := len(f.Text)
	start = min(max(start, 0), n)
	return Span{File: f, Start: start, End: min(max(end, start), n)}
}

// Newline returns the line end f uses: that of its first line.
func (f *File) Newline() string {
	f.index()
	return f.newline
}

// A Span is a half-open byte range [Start, End) of a file.
// The zero Span points nowhere; a fact read from a running container has it.
type Span struct {
	File       *File
	Start, End int
}

// IsValid reports whether s points into a file.
func (s Span) IsValid() bool { return s.File != nil }

// Text returns the bytes under s, or "" for the zero Span.
func (s Span) Text() string {
	if !s.IsValid() {
		return ""
	}
	return string(s.File.Text[s.Start:s.End])
}

// Position returns where s starts.
func (s Span) Position() Position { return s.at(s.Start) }

// EndPosition returns where s ends: the place after its last byte.
func (s Span) EndPosition() Position { return s.at(s.End) }

func (s Span) at(offset int) Position {
	if !s.IsValid() {
		return Position{}
	}
	lines := s.File.index()
	line := sort.SearchInts(lines, offset+1)
	start := lines[line-1]
	return Position{Filename: s.File.Name, Line: line, Column: offset - start + 1, UTF16Column: s.File.units(offset) - s.File.units(start) + 1}
}

// A Position is a place people and editors understand.
type Position struct {
	Filename    string
	Line        int // 1-based
	Column      int // 1-based, in bytes
	UTF16Column int // 1-based, in UTF-16 code units: the unit of SARIF and of the language server protocol
}

func (p Position) String() string {
	return p.Filename + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// A SyntaxError says where and why an artifact cannot be parsed.
type SyntaxError struct {
	Span    Span
	Message string // lower case, no period
}

func (e *SyntaxError) Error() string { return e.Span.Position().String() + ": " + e.Message }
