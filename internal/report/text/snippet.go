package text

import (
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
)

// snippets writes every finding the way a compiler would.
func (p *printer) snippets() {
	for _, g := range p.report.Groups() {
		p.snippet(g)
		p.println("")
	}
}

func (p *printer) snippet(g report.Group) {
	f := g[0]
	p.println(p.style.severity(g.Severity(), g.Severity().String()+"["+f.Rule+"]") + ": " + report.Printable(g.Message()))
	pad := " "
	if f.Span.IsValid() {
		at := f.Span.Position()
		number := fmt.Sprint(at.Line)
		pad = strings.Repeat(" ", len(number)) + " "
		p.println(pad + p.style.dim("-->") + " " + p.style.place(report.Printable(f.Where())))
		l := markLine(f.Span.File, at.Line, f.Span, p.width-len(pad)-3)
		p.println(pad + " " + p.style.dim("|"))
		p.println(" " + p.style.dim(number+" |") + " " + l.text)
		carets := strings.Repeat(" ", l.start) + p.style.severity(f.Severity, strings.Repeat("^", max(l.end-l.start, 1)))
		p.println(pad + " " + p.style.dim("|") + " " + carets + " " + report.Printable(f.Subject))
	} else {
		p.println(pad + p.style.dim("-->") + " " + p.style.place(report.Printable(f.Path)))
		p.println(pad + " = " + "subject: " + report.Printable(f.Subject))
	}
	if f.Likely {
		p.println(pad + " = likely: it rests on something that is not known here")
	}
	for _, line := range vulnerabilities(g) {
		p.println(pad + " = " + report.Printable(line))
	}
	for _, rel := range f.Related {
		where := rel.Path
		if rel.Span.IsValid() {
			where = rel.Span.Position().String()
		}
		p.println(pad + " = " + report.Printable(rel.Message) + " " + p.style.place("("+report.Printable(where)+")"))
	}
	for _, fix := range f.Fixes {
		how := ""
		if writable(fix) {
			how = " (" + p.command("fix", fix) + ")"
		}
		p.println(pad + " = fix: " + report.Printable(fix.Message) + how)
	}
}

// writable reports whether fix changes files on disk, which a fix of a command
// line does not.
func writable(fix finding.Fix) bool {
	for _, e := range fix.Edits {
		if e.Span.File == nil || e.Span.File.Path == "" {
			return false
		}
	}
	return true
}

// command returns the command that applies fix.
func (p *printer) command(verb string, fix finding.Fix) string {
	parts := []string{"bulkhead", verb}
	if !fix.Safe {
		parts = append(parts, "--unsafe")
	}
	if p.target != "" {
		parts = append(parts, report.Printable(p.target))
	}
	return strings.Join(parts, " ")
}
