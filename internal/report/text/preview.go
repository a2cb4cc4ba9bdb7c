package text

import (
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

// previewFix returns what the first edit of fix does to the lines it touches.
func previewFix(fix finding.Fix) preview {
	first := fix.Edits[0]
	for _, e := range fix.Edits[1:] {
		if e.Span.File == first.Span.File && e.Span.Start < first.Span.Start {
			first = e
		}
	}
	f := first.Span.File
	from, to := first.Span.Position().Line, first.Span.EndPosition().Line
	start, end := f.LineStart(from), f.LineStart(to+1)
	if first.Span.End == f.LineStart(to) && to > from {
		end = first.Span.End // whole lines go
	}
	old := splitLines(string(f.Text[start:end]))
	text := string(f.Text[start:first.Span.Start]) + first.New + string(f.Text[first.Span.End:end])
	p := preview{file: f, line: from, minus: old, plus: splitLines(text), otherChanges: len(fix.Edits) - 1}
	for len(p.minus) > 0 && len(p.plus) > 0 && p.minus[0] == p.plus[0] {
		p.minus, p.plus = p.minus[1:], p.plus[1:]
		p.line++
	}
	for len(p.minus) > 0 && len(p.plus) > 0 && p.minus[len(p.minus)-1] == p.plus[len(p.plus)-1] {
		p.minus, p.plus = p.minus[:len(p.minus)-1], p.plus[:len(p.plus)-1]
	}
	return p
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
