package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// tabStop is how wide a tab is drawn.
const tabStop = 4

// A line is one line of an artifact made ready to be drawn, with the columns
// of the part that is marked.
type line struct {
	text       string
	start, end int // in terminal columns of text
}

// columns returns how many columns of a terminal text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// A cell is one character as it is drawn.
type cell struct {
	text    string
	columns int
}

// markLine draws the line of f with the given number and finds the columns of
// the bytes under span on it. The text is at most limit columns wide: what is
// far from the start of the marked part is cut.
func markLine(f *source.File, number int, span source.Span, limit int) line {
	raw, first := f.Line(number), f.LineStart(number)
	from := min(max(span.Start-first, 0), len(raw))
	to := min(max(span.End-first, from), len(raw))
	// Only a window is ever drawn, so a line of a hundred megabytes costs no
	// more than a short one. No character is wider than it has bytes, but a
	// tab, so limit bytes before the mark and after it are enough.
	low, high := runeStart(raw, from-limit*utf8.UTFMax), runeStart(raw, from+limit*utf8.UTFMax)
	var cells []cell
	mark, end, at := -1, -1, 0
	for i := low; i < high; {
		if i >= from && mark < 0 {
			mark = len(cells)
		}
		if i >= to && end < 0 {
			end = len(cells)
		}
		r, size := utf8.DecodeRune(raw[i:])
		c := cell{text: report.PrintableRune(r, string(raw[i:i+size]))}
		if r == '\t' {
			c.text = strings.Repeat(" ", tabStop-at%tabStop)
		}
		c.columns = columns(c.text)
		cells = append(cells, c)
		at += c.columns
		i += size
	}
	if mark < 0 {
		mark = len(cells)
	}
	if end < 0 {
		end = len(cells)
	}
	return view{cells: cells, mark: mark, end: end, before: low > 0, after: high < len(raw)}.fit(limit)
}

// runeStart returns the start of the rune that raw[i] is part of; i is first
// cut to raw.
func runeStart(raw []byte, i int) int {
	i = min(max(i, 0), len(raw))
	for back := 0; back < utf8.UTFMax && i > 0 && i < len(raw) && !utf8.RuneStart(raw[i]); back++ {
		i--
	}
	return i
}

// A view is the part of a line that was read.
type view struct {
	cells         []cell
	mark, end     int  // the cells that are marked
	before, after bool // the line goes on there
}

// fit returns v as a line of at most limit columns that shows the start of
// what is marked.
func (v view) fit(limit int) line {
	total, lead, marked := 0, 0, 0
	for i, c := range v.cells {
		total += c.columns
		if i < v.mark {
			lead += c.columns
		} else if i < v.end {
			marked += c.columns
		}
	}
	first := 0
	if total > limit || v.before || v.after {
		for lead > limit/3 && lead+marked > limit-2 {
			lead -= v.cells[first].columns
			first++
		}
	}
	var b strings.Builder
	l := line{start: -1, end: -1}
	used := 0
	if first > 0 || v.before {
		b.WriteString("…")
		used = 1
	}
	for i := first; i < len(v.cells); i++ {
		if i == v.mark {
			l.start = used
		}
		if i == v.end {
			l.end = used
		}
		last := i == len(v.cells)-1 && !v.after
		if c := v.cells[i]; used+c.columns > limit || used+c.columns == limit && !last {
			b.WriteString("…")
			break
		}
		b.WriteString(v.cells[i].text)
		used += v.cells[i].columns
	}
	l.text = b.String()
	if l.start < 0 {
		l.start = used
	}
	if l.end < 0 {
		l.end = used
	}
	return l
}

// shorten returns text with at most limit columns.
func shorten(text string, limit int) string {
	if columns(text) <= limit {
		return text
	}
	used := 0
	for i, r := range text {
		if used += runeColumns(r); used > limit-1 {
			return text[:i] + "…"
		}
	}
	return text
}

// shortenLeft cuts the start of text to at most limit columns.
func shortenLeft(text string, limit int) string {
	used := columns(text)
	if used <= limit {
		return text
	}
	for i, r := range text {
		if used <= limit-1 {
			return "…" + text[i:]
		}
		used -= runeColumns(r)
	}
	return "…"
}

// wrap breaks text at blanks into at most lines lines of limit columns and
// cuts what is left.
func wrap(text string, limit, lines int) []string {
	var out []string
	rest := text
	for len(out) < lines-1 && columns(rest) > limit {
		used, blank := 0, -1
		for i, r := range rest {
			if used > limit {
				break
			}
			if r == ' ' {
				blank = i
			}
			used += runeColumns(r)
		}
		if blank <= 0 {
			break
		}
		out = append(out, rest[:blank])
		rest = rest[blank+1:]
	}
	return append(out, shorten(rest, limit))
}
