package source

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestPosition(t *testing.T) {
	f := NewFile("x", []byte("ab\né😀c\r\nd"))
	for _, tt := range []struct {
		offset, line, column, utf16 int
	}{
		{0, 1, 1, 1},
		{2, 1, 3, 3},
		{3, 2, 1, 1},
		{5, 2, 3, 2}, // after é: two bytes, one unit
		{9, 2, 7, 4}, // after 😀: four bytes, two units
		{12, 3, 1, 1},
		{13, 3, 2, 2},
	} {
		p := f.Span(tt.offset, tt.offset).Position()
		if p.Line != tt.line || p.Column != tt.column || p.UTF16Column != tt.utf16 {
			t.Errorf("offset %d: got %d:%d (%d), want %d:%d (%d)", tt.offset, p.Line, p.Column, p.UTF16Column, tt.line, tt.column, tt.utf16)
		}
	}
	if got := string(f.Line(2)); got != "é😀c" {
		t.Errorf("line 2 = %q", got)
	}
	if got := f.Lines(); got != 3 {
		t.Errorf("%d lines, want 3", got)
	}
}

// TestColumns compares the UTF-16 columns of a long line, in which not all is
// UTF-8, with those counted from its start.
func TestColumns(t *testing.T) {
	line := strings.Repeat("aé😀\xff\xf0\x9f", 1000)
	f := NewFile("x", []byte("é\n"+line+"\nb"))
	for offset := range len(line) + 1 {
		want := len(utf16.Encode([]rune(line[:offset]))) + 1
		if got := f.Span(offset+3, offset+3).Position(); got.Line != 2 || got.UTF16Column != want {
			t.Fatalf("offset %d: got %d (%d), want 2 (%d)", offset, got.Line, got.UTF16Column, want)
		}
	}
}

func TestApply(t *testing.T) {
	f := NewFile("x", []byte("hello world"))
	at := func(start, end int, s, key string) Edit { return Edit{Span: f.Span(start, end), New: s, Key: key} }
	got, err := Apply(f, []Edit{at(6, 11, "there", ""), at(0, 0, "b", "b"), at(0, 0, "a", "a"), at(5, 6, "", "")})
	if err != nil {
		t.Fatal(err)
	}
	if want := "bahellothere"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	shallow, deep := at(5, 5, "1", "x"), at(5, 5, "2", "y")
	deep.Depth = 1
	if got, err := Apply(f, []Edit{shallow, deep}); err != nil || string(got) != "hello21 world" {
		t.Errorf("insertions of two depths: got %q, %v, want the deeper first", got, err)
	}
	if _, err := Apply(f, []Edit{at(0, 3, "", ""), at(2, 4, "", "")}); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("overlapping edits: got %v, want an error", err)
	}
	if _, err := Apply(f, []Edit{{Span: NewFile("y", []byte("z")).Span(0, 1)}}); err == nil {
		t.Error("edit of another file: got no error, want one")
	}
}

func TestMeets(t *testing.T) {
	f := NewFile("x", []byte("hello world"))
	at := func(start, end int, key string) Edit { return Edit{Span: f.Span(start, end), Key: key} }
	for _, tt := range []struct {
		a, b Edit
		want bool
	}{
		{at(0, 2, ""), at(3, 4, ""), false},
		{at(0, 2, ""), at(2, 4, ""), true},
		{at(1, 1, "a"), at(1, 1, "b"), false},
		{at(1, 1, "a"), at(1, 1, "a"), true},
		{at(1, 1, "a"), at(1, 1, ""), true},
		{at(1, 1, "a"), at(1, 3, "b"), true},
	} {
		if got := tt.a.Meets(tt.b); got != tt.want || tt.b.Meets(tt.a) != tt.want {
			t.Errorf("%v meets %v: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
