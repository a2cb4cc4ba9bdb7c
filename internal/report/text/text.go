// Package text writes a report for people: a screenful on a terminal, one
// line per finding where something else reads along, or a snippet of source
// for every finding.
package text

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
)

// A Writer writes a report as text. The zero Writer writes one line per
// finding without colour.
type Writer struct {
	Terminal bool   // somebody looks at it: at most 24 lines
	Verbose  bool   // every finding with the source it is about
	Color    bool   // paint severities, places and what is of less interest
	Width    int    // of the terminal, in columns; zero is 80
	Target   string // what was asked for, as typed, for the commands that are proposed
}

// Write writes r to w.
func (t Writer) Write(w io.Writer, r *report.Report) error {
	p := &printer{report: r, style: style{color: t.Color}, width: t.Width, target: t.Target, verbose: t.Verbose}
	if p.width <= 0 {
		p.width = 80
	}
	p.width = max(p.width, 40)
	switch {
	case t.Verbose:
		p.snippets()
		p.summary()
	case t.Terminal:
		p.screen()
	default:
		for _, g := range r.Groups() {
			p.println(groupLine(g))
			if p.Len() < flushed {
				continue
			}
			if _, err := w.Write(p.Bytes()); err != nil {
				return err
			}
			p.Reset()
		}
		p.summary()
	}
	_, err := w.Write(p.Bytes())
	return err
}

// flushed is how many bytes of lines are written at a time.
const flushed = 64 << 10

// Line returns f on one line: place, severity, subject, message and rule.
func Line(f *finding.Finding) string {
	likely := ""
	if f.Likely {
		likely = " [likely]"
	}
	return report.Printable(f.Where() + ": " + f.Severity.String() + ": " + f.Subject + ": " + f.Message + likely + " (" + f.Rule + ")")
}

// groupLine returns g on one line.
func groupLine(g report.Group) string {
	f := *g[0]
	f.Message, f.Severity = g.Message(), g.Severity()
	return Line(&f)
}

// A printer writes one report.
type printer struct {
	bytes.Buffer
	report  *report.Report
	style   style
	width   int
	target  string
	verbose bool
}

func (p *printer) println(line string) {
	p.WriteString(line)
	p.WriteByte('\n')
}

// summary writes what follows the findings where the number of lines does
// not matter.
func (p *printer) summary() {
	p.println(p.verdict())
	for _, w := range p.report.Warnings {
		p.println("warning: " + report.Printable(w))
	}
	if looked := p.looked(); looked != "" {
		p.println(looked)
	}
	p.advice()
	for _, i := range p.report.Images {
		if line := i.Sentence(); line != "" {
			p.println("base: " + report.Printable(line))
		}
	}
	for _, line := range p.notChecked() {
		p.println("not checked: " + line)
	}
	if len(p.report.Data) > 0 {
		p.println("data: " + report.Printable(strings.Join(p.report.Data, ", ")))
	}
	if n := len(p.report.Suppressed); n > 0 {
		p.println("suppressed: " + report.Count(n, "finding"))
		if p.verbose {
			p.suppressed()
		}
	}
	p.println(p.exit())
}

// verdict says in one line whether the check passed and what was found.
func (p *printer) verdict() string {
	r := p.report
	failing := 0
	var counts []string
	for i := range r.Findings {
		if r.Fails(&r.Findings[i]) {
			failing++
		}
	}
	for v, n := range r.Counts() {
		v := finding.Severity(v)
		if n > 0 {
			counts = append([]string{p.style.severity(v, fmt.Sprintf("%d %s", n, v))}, counts...)
		}
	}
	detail := ""
	if len(counts) > 0 {
		detail = ": " + strings.Join(counts, ", ")
	}
	if r.Faults > 0 {
		detail += "; " + report.Count(r.Faults, "thing") + " asked for could not be checked"
	}
	switch {
	case failing > 0:
		return report.Count(failing, "finding") + " " + r.Bar() + detail
	case len(counts) > 0:
		return "nothing " + r.Bar() + detail
	}
	return "no findings" + detail
}

func (p *printer) looked() string {
	if len(p.report.Looked) == 0 {
		return ""
	}
	return "looked at: " + report.Printable(strings.Join(p.report.Looked, ", "))
}

// shownNotes is how many things that were not checked for one reason are
// named when not everything is asked for.
const shownNotes = 3

// notChecked returns one line for every reason something was not checked.
func (p *printer) notChecked() []string {
	var reasons []string
	what := map[string][]string{}
	for _, n := range p.report.NotChecked {
		if what[n.Why] == nil {
			reasons = append(reasons, n.Why)
		}
		what[n.Why] = append(what[n.Why], n.What)
	}
	var lines []string
	for _, why := range reasons {
		names := what[why]
		more := ""
		if extra := len(names) - shownNotes; extra > 0 && !p.verbose {
			names, more = names[:shownNotes], fmt.Sprintf(" and %d more", extra)
		}
		lines = append(lines, report.Printable(strings.Join(names, ", ")+more+": "+why))
	}
	return lines
}

func (p *printer) suppressed() {
	for _, s := range p.report.Suppressed {
		until := ""
		if !s.Until.IsZero() {
			until = " until " + s.Until.Format(time.DateOnly)
		}
		p.println(report.Printable(fmt.Sprintf("  %s: %s: %s%s: %s", s.Finding.Where(), s.Finding.Rule, s.Where, until, s.Reason)))
	}
}

// exit says what the exit code is, why, and how long the check took.
func (p *printer) exit() string {
	code, reason := p.report.Exit()
	return p.style.dim(fmt.Sprintf("exit %d: %s (%s)", code, reason, took(p.report.Took)))
}

// took returns d in the unit people would use.
func took(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
