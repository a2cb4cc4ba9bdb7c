package text

import (
	"fmt"
	"strings"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/report"
)

// vulnerabilities returns one line for each vulnerability of g, and one with
// where the software is.
func vulnerabilities(g report.Group) []string {
	if g[0].Vulnerability == nil {
		return nil
	}
	var lines []string
	for _, f := range g {
		v := f.Vulnerability
		parts := []string{v.ID}
		if len(v.Aliases) > 0 {
			parts[0] += " (" + strings.Join(v.Aliases, ", ") + ")"
		}
		parts = append(parts, rating(v))
		if v.Exploited {
			since := "exploited"
			if !v.Listed.IsZero() {
				since += ", listed on " + v.Listed.Format(time.DateOnly)
			}
			parts = append(parts, since)
		}
		if v.EPSS > 0 {
			parts = append(parts, fmt.Sprintf("EPSS %.1f %%", 100*v.EPSS))
		}
		if v.Fixed != "" {
			parts = append(parts, "fixed in "+v.Fixed)
		} else {
			parts = append(parts, "not fixed")
		}
		line := strings.Join(parts, "; ")
		if v.Summary != "" {
			line += ": " + shorten(v.Summary, maxSummary)
		}
		lines = append(lines, line)
	}
	const most = 5
	for n, p := range g[0].Packages {
		if n == most {
			lines = append(lines, fmt.Sprintf("and %d more packages", len(g[0].Packages)-most))
			break
		}
		lines = append(lines, place(p))
	}
	return lines
}

// maxSummary is how many columns of a summary are shown: who wants to know more
// looks the id up.
const maxSummary = 60

// rating returns how bad v is: "high 7.5".
func rating(v *model.Vulnerability) string {
	switch {
	case v.Severity == "":
		return "not rated"
	case v.Score > 0:
		return fmt.Sprintf("%s, CVSS %.1f", v.Severity, v.Score)
	}
	return v.Severity
}

// place returns where a package is, by its URL, its file and its layer.
func place(p *model.Package) string {
	text := p.PURL
	if text == "" {
		text = p.Name + " " + p.Version
	}
	if len(p.Locations) > 0 {
		text += " in " + p.Locations[0]
	}
	if p.Layer >= 0 {
		text += fmt.Sprintf(", layer %d", p.Layer+1)
	}
	return text
}

// shownAdvice is how many things to do are named where not everything was asked
// for.
const shownAdvice = 10

// advice writes what to do about vulnerabilities.
func (p *printer) advice() {
	all := p.report.Advice()
	for n, a := range all {
		if n == shownAdvice && !p.verbose {
			p.println(fmt.Sprintf("upgrade: %d more (-v shows them)", len(all)-n))
			return
		}
		p.println("upgrade: " + report.Printable(a.Text()))
		if p.verbose && a.Step.Instead != "" {
			p.println("  " + report.Printable(a.Step.Instead))
		}
		if p.verbose && !a.Written.IsValid() && a.History != "" {
			p.println("  brought by " + report.Printable(shorten(a.History, 2*p.width)))
		}
	}
}
