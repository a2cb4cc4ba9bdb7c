package text

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// screenLines is how many lines the report takes at most, so that it fits
// the smallest terminal in use without scrolling.
const screenLines = 24

// minPlace is how many columns a place has at least: room for its line and
// column, which matter more than that the line fits.
const minPlace = 16

// A budget says how many lines parts of the report may take.
type budget struct {
	sentence int // of one story
	detail   int // what was looked at, and what was not
}

// budgets are tried in turn until the report fits the screen; the last one
// always does.
var budgets = [...]budget{{4, 2}, {4, 1}, {3, 1}, {2, 1}}

// screen writes the verdict, what to fix first and what to do next.
func (p *printer) screen() {
	var lines []string
	for _, b := range budgets {
		if lines = fit(p.screenLines(b)); len(lines) <= screenLines {
			break
		}
	}
	for _, line := range lines {
		p.println(line)
	}
}

func (p *printer) screenLines(b budget) []string {
	lines := []string{p.verdict()}
	lines = append(lines, p.details(p.looked(), b)...)
	lines = append(lines, "")
	for i, story := range p.report.Top[:min(len(p.report.Top), 3)] {
		lines = append(lines, p.story(i+1, story, b)...)
		lines = append(lines, "")
	}
	if rest := p.rest(); rest != "" {
		lines = append(lines, rest)
	}
	for _, w := range p.report.Warnings[:min(len(p.report.Warnings), 2)] {
		lines = append(lines, shorten("warning: "+report.Printable(w), p.width))
	}
	lines = append(lines, p.details(p.unknown(), b)...)
	if next := p.next(); next != "" {
		lines = append(lines, shorten(next, p.width))
	}
	return append(lines, p.exit())
}

// details returns text, dim and within b.
func (p *printer) details(text string, b budget) []string {
	if text == "" {
		return nil
	}
	lines := wrap(text, p.width, b.detail)
	for i := range lines {
		lines[i] = p.style.dim(lines[i])
	}
	return lines
}

// fit returns lines without the blank ones where they do not fit the screen.
func fit(lines []string) []string {
	if len(lines) <= screenLines {
		return lines
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

// story returns the lines of the nth thing to fix: the sentence, the place,
// the code and the fix as a line of a diff.
func (p *printer) story(n int, s report.Story, b budget) []string {
	f := s.Finding
	head := fmt.Sprintf("%d %s  ", n, f.Severity)
	sentence := s.Sentence
	if sentence == "" {
		sentence = f.Subject + ": " + f.Message
	}
	if f.Likely {
		sentence += " [likely]"
	}
	text := wrap(report.Printable(sentence), p.width-len(head), b.sentence)
	lines := []string{fmt.Sprintf("%d %s  ", n, p.style.severity(f.Severity, f.Severity.String())) + text[0]}
	for _, more := range text[1:] {
		lines = append(lines, strings.Repeat(" ", len(head))+more)
	}
	after := " (" + f.Rule + ")"
	if s.Proven {
		after += " fix proven"
	}
	const arrow = "  --> "
	where := shortenLeft(report.Printable(f.Where()), max(p.width-len(arrow)-len(after), minPlace))
	place := "  " + p.style.dim("-->") + " " + p.style.place(where) + after
	return append(append(lines, place), p.frame(f)...)
}

// frame returns the line f is about and what the fix would make of it.
func (p *printer) frame(f *finding.Finding) []string {
	var fix *preview
	if len(f.Fixes) > 0 && len(f.Fixes[0].Edits) > 0 {
		first := previewFix(f.Fixes[0])
		fix = &first
	}
	if !f.Span.IsValid() {
		return nil
	}
	at := f.Span.Position().Line
	if fix == nil {
		return []string{p.code(at, "|", p.drawn(f.Span.File, at, f.Span))}
	}
	code := p.code(at, "|", p.drawn(f.Span.File, at, f.Span))
	if fix.file == f.Span.File && fix.line <= at && at < fix.line+len(fix.minus) {
		code = p.code(at, "-", p.drawn(f.Span.File, at, f.Span))
	}
	if len(fix.plus) == 0 {
		return []string{code} // the line goes
	}
	changed := source.NewFile("", []byte(fix.plus[0]))
	added := p.code(fix.line, "+", p.drawn(changed, 1, source.Span{}))
	if more := len(fix.plus) - 1 + fix.otherChanges; more > 0 {
		added += p.style.dim(" (and more)")
	}
	return []string{code, added}
}

// drawn returns the text of a line of f cut to the screen.
func (p *printer) drawn(f *source.File, number int, span source.Span) string {
	return markLine(f, number, span, p.width-20).text
}

func (p *printer) code(number int, sign, text string) string {
	return p.style.dim(fmt.Sprintf("%5d %s", number, sign)) + " " + text
}

// rest counts the findings that have not been told.
func (p *printer) rest() string {
	counts := p.report.Counts()
	for _, s := range p.report.Top[:min(len(p.report.Top), 3)] {
		counts[s.Finding.Severity]--
	}
	var parts []string
	total := 0
	for v := finding.Critical; ; v-- {
		if counts[v] > 0 {
			parts = append(parts, p.style.severity(v, fmt.Sprintf("%d %s", counts[v], v)))
			total += counts[v]
		}
		if v == finding.Info {
			break
		}
	}
	line := ""
	if total > 0 {
		line = fmt.Sprintf("%d more: %s (-v shows them)", total, strings.Join(parts, ", "))
	}
	if n := len(p.report.Suppressed); n > 0 {
		if line != "" {
			line += "; "
		}
		line += fmt.Sprintf("%d suppressed", n)
	}
	return line
}

// unknown says what was not checked and how old the data is.
func (p *printer) unknown() string {
	var parts []string
	if lines := p.notChecked(); len(lines) > 0 {
		more := ""
		if n := len(lines) - 1; n > 0 {
			more = fmt.Sprintf(" (%s more)", report.Count(n, "reason"))
		}
		parts = append(parts, "not checked: "+lines[0]+more)
	}
	if len(p.report.Data) > 0 {
		parts = append(parts, "data: "+report.Printable(strings.Join(p.report.Data, ", ")))
	}
	return strings.Join(parts, "; ")
}

// next proposes the command to type next, or nothing.
func (p *printer) next() string {
	safe, unsafe := 0, 0
	for _, f := range p.report.Findings {
		switch {
		case len(f.Fixes) == 0 || !writable(f.Fixes[0]):
		case f.Fixes[0].Safe:
			safe++
		default:
			unsafe++
		}
	}
	switch {
	case safe > 0:
		return "next: " + p.command("fix", finding.Fix{Safe: true}) + "  shows " + report.Count(safe, "safe change") + unsafeMore(unsafe)
	case unsafe > 0:
		return "next: " + p.command("fix", finding.Fix{}) + "  shows " + report.Count(unsafe, "change") + " that may alter behaviour"
	case len(p.report.Advice()) > 0:
		first := p.report.Advice()[0]
		return "next: " + report.Printable(first.Step.Do) + "  cures " + report.Count(len(first.Findings), "finding")
	case len(p.report.Findings) > 0:
		return "next: bulkhead explain " + p.report.Findings[0].Rule
	}
	return ""
}

func unsafeMore(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; --unsafe %d more", n)
}
