// Package github writes a report as the workflow commands that GitHub shows
// beside the lines of a pull request.
package github

import (
	"fmt"
	"io"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
)

// A Writer writes one workflow command per finding.
type Writer struct{}

// Write writes r to w.
func (Writer) Write(w io.Writer, r *report.Report) error {
	b := &strings.Builder{}
	for i := range r.Findings {
		f := &r.Findings[i]
		message := fmt.Sprintf("%s: %s (%s)", f.Subject, f.Message, f.Rule)
		title := property(fmt.Sprintf("%s: %s", f.Severity, f.Rule))
		if !f.Span.IsValid() {
			fmt.Fprintf(b, "::%s title=%s::%s\n", command(f.Severity), title, data(f.Path+": "+message))
			continue
		}
		start, end := f.Span.Position(), f.Span.EndPosition()
		place := fmt.Sprintf("file=%s,line=%d,endLine=%d", property(start.Filename), start.Line, end.Line)
		if start.Line == end.Line { // GitHub refuses columns of a range of lines
			place += fmt.Sprintf(",col=%d,endColumn=%d", start.UTF16Column, end.UTF16Column)
		}
		fmt.Fprintf(b, "::%s %s,title=%s::%s\n", command(f.Severity), place, title, data(message))
	}
	for _, x := range r.Warnings {
		fmt.Fprintf(b, "::warning title=bulkhead::%s\n", data(x))
	}
	for _, i := range r.Images { // the record of what the gate judged
		fmt.Fprintf(b, "::notice title=bulkhead::%s\n", data("judged "+i.Judged()))
	}
	_, reason := r.Exit()
	fmt.Fprintf(b, "::notice title=bulkhead::%s\n", data(reason))
	_, err := io.WriteString(w, b.String())
	return err
}

func command(s finding.Severity) string {
	switch {
	case s >= finding.High:
		return "error"
	case s == finding.Medium:
		return "warning"
	}
	return "notice"
}

// data returns s as the message of a command. Line ends are escaped by
// Printable already; a percent sign begins an escape.
func data(s string) string { return strings.ReplaceAll(report.Printable(s), "%", "%25") }

// property returns s as the value of a command's property.
func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
