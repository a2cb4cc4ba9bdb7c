// Package markdown writes a report as GitHub-flavoured Markdown, for a comment
// on a pull request or the summary of a job.
package markdown

import (
	"fmt"
	"io"
	"strings"

	"bulkhead/internal/report"
)

// A Writer writes a report as Markdown.
type Writer struct{}

// Write writes r to w.
func (Writer) Write(w io.Writer, r *report.Report) error {
	b := &strings.Builder{}
	_, reason := r.Exit()
	fmt.Fprintf(b, "## Bulkhead: %s\n\n", reason)
	if len(r.Looked) > 0 {
		fmt.Fprintf(b, "Looked at %s.\n\n", plain(strings.Join(r.Looked, ", ")))
	}
	for _, x := range r.Warnings {
		fmt.Fprintf(b, "Warning: %s.\n\n", plain(x))
	}
	for i, s := range r.Top {
		sentence := s.Sentence
		if sentence == "" {
			sentence = s.Finding.Subject + ": " + s.Finding.Message
		}
		fmt.Fprintf(b, "%d. **%s** %s (%s)\n", i+1, s.Finding.Severity, plain(sentence), code(s.Finding.Where()))
	}
	if len(r.Findings) > 0 {
		b.WriteString("\n| severity | place | subject | finding | rule |\n|---|---|---|---|---|\n")
	}
	for _, g := range r.Groups() {
		f := g[0]
		likely := ""
		if f.Likely {
			likely = " (likely)"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s%s | %s |\n", g.Severity(), code(f.Where()), plain(f.Subject), plain(g.Message()), likely, code(f.Rule))
	}
	if all := r.Advice(); len(all) > 0 {
		b.WriteString("\nUpgrades:\n\n")
		for _, a := range all {
			fmt.Fprintf(b, "- %s\n", plain(a.Text()))
		}
	}
	if len(r.NotChecked) > 0 {
		b.WriteString("\nNot checked:\n\n")
	}
	for _, n := range r.NotChecked {
		fmt.Fprintf(b, "- %s: %s\n", plain(n.What), plain(n.Why))
	}
	if n := len(r.Suppressed); n > 0 {
		fmt.Fprintf(b, "\nSuppressed: %s.\n", report.Count(n, "finding"))
	}
	if len(r.Data) > 0 {
		fmt.Fprintf(b, "\nData: %s.\n", plain(strings.Join(r.Data, ", ")))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// plain returns s so that Markdown shows it as it is: no markup, no HTML, no
// links and no mentions.
func plain(s string) string {
	var b strings.Builder
	for _, r := range report.Printable(s) {
		switch {
		case strings.ContainsRune("<>&", r):
			fmt.Fprintf(&b, "&#%d;", r)
		case strings.ContainsRune("\\`*_{}[]()#+!|~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '@':
			b.WriteString("&#64;")
		default:
			b.WriteRune(r)
		}
	}
	return strings.ReplaceAll(b.String(), "://", "&#58;//")
}

// code returns s as code. The fence is longer than any run of backquotes in
// s, and a bar is escaped because tables see it before code.
func code(s string) string {
	s = strings.ReplaceAll(report.Printable(s), "|", `\|`)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
