// Package sarif writes a report in the Static Analysis Results Interchange
// Format, version 2.1.0, as OASIS published it with errata 01.
package sarif

import (
	"io"
	"net/url"
	"strings"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// A Writer writes a report as one SARIF log with one run.
type Writer struct{}

// Write writes r to w.
func (Writer) Write(w io.Writer, r *report.Report) error {
	c := converter{rules: map[string]int{}}
	one := run{
		Tool: tool{Driver: driver{Name: "bulkhead", Version: r.Version, Rules: []ruleMeta{}}},
		// Without this a consumer counts columns as it likes (3.14.17).
		ColumnKind:  "utf16CodeUnits",
		Results:     []result{},
		Invocations: []invocation{invoke(r)},
	}
	for _, x := range r.Rules {
		c.rules[x.Name] = len(one.Tool.Driver.Rules)
		one.Tool.Driver.Rules = append(one.Tool.Driver.Rules, describe(x))
	}
	for i := range r.Findings {
		one.Results = append(one.Results, c.result(&r.Findings[i]))
	}
	for _, s := range r.Suppressed {
		x := c.result(&s.Finding)
		x.Suppressions = append(x.Suppressions, suppress(s))
		one.Results = append(one.Results, x)
	}
	return report.EncodeJSON(w, log{Schema: schemaURI, Version: "2.1.0", Runs: []run{one}}, "  ")
}

func invoke(r *report.Report) invocation {
	code, reason := r.Exit()
	v := invocation{
		Successful: r.Faults == 0, ExitCode: code, ExitReason: reason,
		Start: r.Started.UTC().Format(time.RFC3339Nano), End: r.Started.Add(r.Took).UTC().Format(time.RFC3339Nano),
	}
	for _, w := range r.Warnings {
		v.Notifications = append(v.Notifications, notification{Level: "warning", Message: text(w)})
	}
	for _, i := range r.Images {
		v.Notifications = append(v.Notifications, notification{Level: "note", Message: text("judged " + i.Judged())})
	}
	for _, n := range r.NotChecked {
		v.Notifications = append(v.Notifications, notification{Level: "note", Message: text("not checked: " + n.What + ": " + n.Why)})
	}
	return v
}

// A converter turns findings into results.
type converter struct {
	rules map[string]int // name to index in the driver's rules
}

func (c converter) result(f *finding.Finding) result {
	x := result{
		RuleID: f.Rule, Level: level(f.Severity), Message: text(f.Subject + ": " + f.Message),
		Locations: []location{{}}, Suppressions: []suppression{},
		Properties: resultProperties{Severity: f.Severity.String(), Subject: f.Subject, Surface: string(f.Surface), Likely: f.Likely},
	}
	if i, ok := c.rules[f.Rule]; ok {
		x.RuleIndex = &i
	}
	x.Locations[0] = locate(f.Span, f.Path, f.Subject)
	for i, r := range f.Related {
		at := locate(r.Span, r.Path, f.Subject)
		message := text(r.Message)
		at.ID, at.Message = &i, &message
		x.Related = append(x.Related, at)
	}
	for _, fix := range f.Fixes {
		x.Fixes = append(x.Fixes, convertFix(fix))
	}
	if f.Fingerprint != "" {
		x.Fingerprints = map[string]string{"bulkhead/v1": f.Fingerprint}
	}
	return x
}

// level returns s as SARIF has it: three levels that make GitHub's colours;
// the severity itself is a property.
func level(s finding.Severity) string {
	switch {
	case s >= finding.High:
		return "error"
	case s == finding.Medium:
		return "warning"
	}
	return "note"
}

// locate returns the place of span or, where there is no text, the logical
// place called path.
func locate(span source.Span, path, subject string) location {
	if !span.IsValid() {
		if path == "" {
			path = subject
		}
		return location{Logical: []logical{{Name: path, Kind: "resource"}}}
	}
	at := region(span)
	return location{
		Physical: &physical{Artifact: artifactOf(span.File), Region: &at},
		Logical:  []logical{{Name: subject, Kind: "resource"}},
	}
}

func region(s source.Span) textRegion {
	start, end := s.Position(), s.EndPosition()
	return textRegion{StartLine: start.Line, StartColumn: start.UTF16Column, EndLine: end.Line, EndColumn: end.UTF16Column}
}

// artifactOf returns where f is, relative to the directory that was checked.
// The name is percent-encoded: 3.4.3 asks for a valid URI reference.
func artifactOf(f *source.File) artifact {
	if strings.HasPrefix(f.Name, "/") {
		return artifact{URI: (&url.URL{Scheme: "file", Path: f.Name}).String()}
	}
	return artifact{URI: (&url.URL{Path: f.Name}).String(), Base: "%SRCROOT%"}
}

// convertFix groups the edits by the file they change, in the order the files
// come first.
func convertFix(f finding.Fix) fix {
	out := fix{Description: text(f.Message)}
	changes := map[*source.File]int{}
	for _, e := range f.Edits {
		i, ok := changes[e.Span.File]
		if !ok {
			i = len(out.Changes)
			changes[e.Span.File] = i
			out.Changes = append(out.Changes, change{Artifact: artifactOf(e.Span.File)})
		}
		out.Changes[i].Replacements = append(out.Changes[i].Replacements, replacement{Deleted: region(e.Span), Inserted: text(e.New)})
	}
	return out
}

func suppress(s report.Suppression) suppression {
	kind := "external"
	// A comment stands in the file it is about; the configuration does not.
	if f := s.Finding.Span.File; f != nil && strings.HasPrefix(s.Where, f.Name+":") {
		kind = "inSource"
	}
	return suppression{Kind: kind, Status: "accepted", Justification: s.Reason}
}
