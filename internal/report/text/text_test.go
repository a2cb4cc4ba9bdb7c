package text

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
	"bulkhead/internal/report/reporttest"
	"bulkhead/internal/source"
)

func TestGolden(t *testing.T) {
	reporttest.Golden(t, Writer{}, "plain.txt")
	reporttest.Golden(t, Writer{Terminal: true, Width: 80}, "screen.txt")
	reporttest.Golden(t, Writer{Terminal: true, Color: true, Width: 100, Target: "examples/shop"}, "color.txt")
	reporttest.Golden(t, Writer{Terminal: true, Verbose: true, Width: 80}, "verbose.txt")
}

func TestNothingFound(t *testing.T) {
	var got bytes.Buffer
	if err := (Writer{Terminal: true}).Write(&got, &report.Report{FailOn: 3, Looked: []string{"1 Dockerfile"}}); err != nil {
		t.Fatal(err)
	}
	if want := "no findings\nlooked at: 1 Dockerfile\n\nexit 0: nothing at high or above (0 ms)\n"; got.String() != want {
		t.Errorf("got %q, want %q", got.String(), want)
	}
}

// TestScreen holds the promise of a report that fits: 24 lines, none wider
// than the terminal, nothing raw.
func TestScreen(t *testing.T) {
	for _, width := range []int{40, 60, 80, 200} {
		r := reporttest.Sample()
		for i := range r.Top {
			r.Top[i].Sentence = strings.Repeat("日本 word ", 60)
		}
		var got bytes.Buffer
		if err := (Writer{Terminal: true, Width: width}).Write(&got, r); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(got.String(), "\n"), "\n")
		if len(lines) > 24 {
			t.Errorf("width %d: %d lines, want at most 24", width, len(lines))
		}
		for _, l := range lines {
			if columns(l) > max(width, 80) {
				t.Errorf("width %d: %d columns: %s", width, columns(l), l)
			}
			for _, c := range l {
				if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) {
					t.Errorf("width %d: %q is printed raw", width, c)
				}
			}
		}
	}
}

// TestPreview checks that all that changes a line is shown at once, and what
// changes elsewhere is counted.
func TestPreview(t *testing.T) {
	f := source.NewFile("Dockerfile", []byte("FROM a\nRUN pip install --trusted-host pypi.org -r x\nUSER root\n"))
	cut := func(word string) source.Edit {
		at := strings.Index(string(f.Text), word)
		return source.Edit{Span: f.Span(at, at+len(word))}
	}
	p := previewFix(finding.Fix{Edits: []source.Edit{cut(" root"), cut(" pypi.org"), cut(" --trusted-host")}})
	if got, want := strings.Join(p.plus, "\n"), "RUN pip install -r x"; got != want || p.line != 2 || p.otherChanges != 1 {
		t.Errorf("got %q at line %d and %d more, want %q at line 2 and 1 more", got, p.line, p.otherChanges, want)
	}
}

func TestShortenLeft(t *testing.T) {
	for _, tt := range []struct {
		text  string
		limit int
		want  string
	}{
		{"compose.yaml:12:7", 17, "compose.yaml:12:7"},
		{"deploy/compose.yaml:12:7", 16, "…mpose.yaml:12:7"},
		{"日本日本:1:1", 8, "…本:1:1"},
		{"日本", 1, "…"},
	} {
		if got := shortenLeft(tt.text, tt.limit); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestMarkLine(t *testing.T) {
	for _, tt := range []struct {
		text       string
		start, end int
		limit      int
		want       string // the marked columns under the text
	}{
		{"privileged: true", 12, 16, 60, "privileged: true\n            ^^^^"},
		{"\tuser: root", 7, 11, 60, "    user: root\n          ^^^^"},
		{"日本: x", 8, 9, 60, "日本: x\n      ^"},
		{"e\u0301: x", 5, 6, 60, "e\u0301: x\n   ^"},
		{"a\x1b[31mb", 6, 7, 60, "a\\x1b[31mb\n         ^"},
		{"a\u202eb", 4, 5, 60, "a\\u202eb\n       ^"},
		{"\xff\xfe", 1, 2, 60, "\\xff\\xfe\n    ^^^^"},
		{"x", 1, 1, 60, "x\n "},
		{strings.Repeat("a", 30) + "MARK" + strings.Repeat("b", 30), 30, 34, 20, "…aaaaaaaaaaaaaaMARK…\n               ^^^^"},
		{strings.Repeat("a", 30), 0, 30, 10, "aaaaaaaaa…\n^^^^^^^^^"},
		{"日本日本日本日本", 0, 3, 9, "日本日本…\n^^"},
	} {
		f := source.NewFile("x", []byte(tt.text))
		l := markLine(f, 1, f.Span(tt.start, tt.end), tt.limit)
		got := l.text + "\n" + strings.Repeat(" ", l.start) + strings.Repeat("^", l.end-l.start)
		if got != tt.want {
			t.Errorf("%q: got\n%s\nwant\n%s", tt.text, got, tt.want)
		}
		if c := columns(l.text); c > tt.limit {
			t.Errorf("%q: %d columns, want at most %d", tt.text, c, tt.limit)
		}
	}
}

func FuzzMarkLine(f *testing.F) {
	f.Add([]byte("a: \t日本\x1b\n"), 2, 4, 20)
	f.Add([]byte("\xff\xfe\u202e"), 0, 9, 1)
	f.Fuzz(func(t *testing.T, text []byte, start, end, limit int) {
		limit = 12 + max(limit, 0)%100
		file := source.NewFile("x", text)
		span := file.Span(start, end)
		l := markLine(file, span.Position().Line, span, limit)
		if c := columns(l.text); c > limit {
			t.Errorf("%d columns, want at most %d: %q", c, limit, l.text)
		}
		if l.start < 0 || l.end < l.start || l.end > columns(l.text) {
			t.Errorf("marked %d to %d of %d columns", l.start, l.end, columns(l.text))
		}
		if report.Printable(l.text) != l.text {
			t.Errorf("%q is printed raw", l.text)
		}
	})
}
