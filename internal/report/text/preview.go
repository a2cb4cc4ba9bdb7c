package text

import (
	"cmp"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/source"
)

// A preview is the first change of a fix, as lines.
type preview struct {
	file         *source.File
	line         int // of the first line that goes, or where lines are added
	minus, plus  []string
	otherChanges int
}

// previewFix returns what the first edit of fix, and those beside it, do to the
// lines they touch.
func previewFix(fix finding.Fix) preview {
	beside := leading(fix.Edits)
	f := beside[0].Span.File
	first, last := beside[0].Span, beside[len(beside)-1].Span
	from, to := first.Position().Line, last.EndPosition().Line
	start, end := f.LineStart(from), f.LineStart(to+1)
	if last.End == f.LineStart(to) && to > from {
		end = last.End // whole lines go
	}
	var text strings.Builder
	at := start
	for _, e := range beside {
		text.Write(f.Text[at:e.Span.Start])
		text.WriteString(e.New)
		at = e.Span.End
	}
	text.Write(f.Text[at:end])
	p := preview{
		file: f, line: from, minus: splitLines(string(f.Text[start:end])), plus: splitLines(text.String()),
		otherChanges: len(fix.Edits) - len(beside),
	}
	for len(p.minus) > 0 && len(p.plus) > 0 && p.minus[0] == p.plus[0] {
		p.minus, p.plus = p.minus[1:], p.plus[1:]
		p.line++
	}
	for len(p.minus) > 0 && len(p.plus) > 0 && p.minus[len(p.minus)-1] == p.plus[len(p.plus)-1] {
		p.minus, p.plus = p.minus[:len(p.minus)-1], p.plus[:len(p.plus)-1]
	}
	return p
}

// leading returns the first of edits with those of its file that follow on the
// lines it touches, in order: half of what changes a line would show a line
// that nobody gets.
func leading(edits []source.Edit) []source.Edit {
	f := edits[0].Span.File
	var out []source.Edit
	for _, e := range edits {
		if e.Span.File == f {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b source.Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	for i := 1; i < len(out); i++ {
		before := out[i-1].Span
		if out[i].Span.Position().Line > before.EndPosition().Line || out[i].Span.Start < before.End {
			return out[:i]
		}
	}
	return out
}

// splitLines returns the lines of text without their line ends; text that
// ends in one has no empty last line.
func splitLines(text string) []string {
	text = strings.TrimSuffix(text, "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines
}
