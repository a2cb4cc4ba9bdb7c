// Package json writes a report as JSON, in one document or as one object a
// line. docs/guide/json.md describes every field; the test compares the two.
package json

import (
	"io"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
	"bulkhead/internal/source"
)

// Version is the version of the format. It changes when a field goes or
// changes its meaning, not when one is added.
const Version = 1

// A Document writes one JSON document.
type Document struct{}

// Write writes r to w.
func (Document) Write(w io.Writer, r *report.Report) error {
	d := document{summary: summarise(r), Findings: []Finding{}, Suppressed: []suppressed{}}
	for i := range r.Findings {
		d.Findings = append(d.Findings, convert(&r.Findings[i]))
	}
	for _, s := range r.Suppressed {
		d.Suppressed = append(d.Suppressed, suppress(s))
	}
	return report.EncodeJSON(w, d, "  ")
}

// Lines writes one JSON object a line: every finding, every suppressed one,
// then the summary.
type Lines struct{}

// Write writes r to w.
func (Lines) Write(w io.Writer, r *report.Report) error {
	for i := range r.Findings {
		if err := report.EncodeJSON(w, findingLine{"finding", convert(&r.Findings[i])}, ""); err != nil {
			return err
		}
	}
	for _, s := range r.Suppressed {
		if err := report.EncodeJSON(w, suppressedLine{"suppressed", suppress(s)}, ""); err != nil {
			return err
		}
	}
	return report.EncodeJSON(w, summaryLine{"summary", summarise(r)}, "")
}

type document struct {
	summary
	Findings   []Finding    `json:"findings"`
	Suppressed []suppressed `json:"suppressed"`
}

type findingLine struct {
	Type string `json:"type"`
	Finding
}

type suppressedLine struct {
	Type string `json:"type"`
	suppressed
}

type summaryLine struct {
	Type string `json:"type"`
	summary
}

type summary struct {
	Version    int       `json:"version"`
	Tool       tool      `json:"tool"`
	Started    time.Time `json:"started"`
	TookMillis int64     `json:"took_ms"`
	Looked     []string  `json:"looked"`
	Images     []image   `json:"images"`
	FailOn     string    `json:"fail_on"`
	Exit       exit      `json:"exit"`
	Counts     counts    `json:"counts"`
	Top        []story   `json:"top"`
	NotChecked []note    `json:"not_checked"`
	Faults     int       `json:"faults"`
	Data       []string  `json:"data"`
	Warnings   []string  `json:"warnings"`
	Upgrades   []advice  `json:"upgrades"`

	FailOnExploited bool `json:"fail_on_kev"`
}

type image struct {
	Name   string `json:"name"`
	Digest string `json:"digest,omitempty"`
	Base   *base  `json:"base,omitempty"`

	Digests         []string `json:"repository_digests,omitempty"`
	Packages        int      `json:"packages"`
	Layers          int      `json:"layers"`
	Vulnerabilities *known   `json:"vulnerabilities,omitempty"`
}

type base struct {
	Name       string     `json:"name,omitempty"`
	Digest     string     `json:"digest,omitempty"`
	Confidence string     `json:"confidence"`
	Evidence   []evidence `json:"evidence"`
	From       *share     `json:"from_base,omitempty"`
	Own        *share     `json:"own,omitempty"`
}

type evidence struct {
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
}

type share struct {
	Layers          int   `json:"layers"`
	Size            int64 `json:"size"`
	Packages        int   `json:"packages"`
	Vulnerabilities *int  `json:"vulnerabilities,omitempty"` // missing where they were not looked up
	Fixable         *int  `json:"fixable,omitempty"`
	Secrets         int   `json:"secrets"`
}

func shareOf(s model.Share, matched bool) *share {
	out := &share{Layers: s.Layers, Size: s.Size, Packages: s.Packages, Secrets: s.Secrets}
	if matched {
		out.Vulnerabilities, out.Fixable = &s.Vulnerabilities, &s.Fixable
	}
	return out
}

func images(all []report.Image) []image {
	out := []image{}
	for _, i := range all {
		x := image{Name: i.Name, Digest: i.ID, Digests: i.Digests, Packages: i.Packages, Layers: i.Layers}
		if i.Matched {
			x.Vulnerabilities = knownOf(i.Known)
		}
		if b := i.Base; b != nil {
			x.Base = &base{Name: b.Name, Digest: b.Digest, Confidence: string(b.Confidence), Evidence: []evidence{}}
			for _, e := range b.Evidence {
				x.Base.Evidence = append(x.Base.Evidence, evidence{string(e.Kind), e.Detail})
			}
			if i.Told {
				x.Base.From, x.Base.Own = shareOf(i.From, i.Matched), shareOf(i.Own, i.Matched)
			}
		}
		out = append(out, x)
	}
	return out
}

type tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type exit struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
}

type counts struct {
	Critical   int `json:"critical"`
	High       int `json:"high"`
	Medium     int `json:"medium"`
	Low        int `json:"low"`
	Info       int `json:"info"`
	Suppressed int `json:"suppressed"`
}

type story struct {
	Finding  int    `json:"finding"`
	Sentence string `json:"sentence"`
	Proven   bool   `json:"proven"`
}

type note struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

type suppressed struct {
	Finding Finding `json:"finding"`
	Reason  string  `json:"reason"`
	Until   string  `json:"until,omitempty"`
	Where   string  `json:"where"`
}

// A Finding is a finding as written.
type Finding struct {
	Rule        string    `json:"rule"`
	Severity    string    `json:"severity"`
	Subject     string    `json:"subject"`
	Surface     string    `json:"surface,omitempty"`
	Message     string    `json:"message"`
	Gain        string    `json:"gain,omitempty"`
	Likely      bool      `json:"likely"`
	Place       place     `json:"place"`
	Related     []related `json:"related,omitempty"`
	Fixes       []fix     `json:"fixes,omitempty"`
	Fingerprint string    `json:"fingerprint,omitempty"`

	Vulnerability *vulnerability `json:"vulnerability,omitempty"`
}

type place struct {
	Path      string `json:"path,omitempty"`
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
	Start     *int   `json:"start,omitempty"` // a pointer because the first byte of a file is 0
	End       *int   `json:"end,omitempty"`
}

type related struct {
	Message string `json:"message"`
	Place   place  `json:"place"`
}

type fix struct {
	Message string `json:"message"`
	Safe    bool   `json:"safe"`
	Edits   []edit `json:"edits"`
}

type edit struct {
	Place place  `json:"place"`
	New   string `json:"new"`
}

func summarise(r *report.Report) summary {
	n := r.Counts()
	s := summary{
		Version: Version, Tool: tool{"bulkhead", r.Version},
		Started: r.Started.UTC().Truncate(time.Second), TookMillis: r.Took.Milliseconds(),
		Looked: append([]string{}, r.Looked...), Images: images(r.Images), Data: append([]string{}, r.Data...),
		FailOn: r.FailOn.String(), Faults: r.Faults,
		Warnings: append([]string{}, r.Warnings...), Upgrades: advices(r), FailOnExploited: r.FailOnExploited,
		Counts: counts{n[finding.Critical], n[finding.High], n[finding.Medium], n[finding.Low], n[finding.Info], len(r.Suppressed)},
		Top:    []story{}, NotChecked: []note{},
	}
	s.Exit.Code, s.Exit.Reason = r.Exit()
	for _, t := range r.Top {
		for i := range r.Findings {
			if &r.Findings[i] == t.Finding {
				s.Top = append(s.Top, story{i, t.Sentence, t.Proven})
			}
		}
	}
	for _, n := range r.NotChecked {
		s.NotChecked = append(s.NotChecked, note{n.What, n.Why})
	}
	return s
}

func suppress(s report.Suppression) suppressed {
	out := suppressed{Finding: convert(&s.Finding), Reason: s.Reason, Where: s.Where}
	if !s.Until.IsZero() {
		out.Until = s.Until.Format(time.DateOnly)
	}
	return out
}

func convert(f *finding.Finding) Finding {
	out := Finding{
		Rule: f.Rule, Severity: f.Severity.String(), Subject: f.Subject, Surface: string(f.Surface),
		Message: f.Message, Gain: f.Gain, Likely: f.Likely, Place: locate(f.Span, f.Path), Fingerprint: f.Fingerprint,
	}
	if f.Vulnerability != nil {
		out.Vulnerability = vulnerabilityOf(f)
	}
	for _, r := range f.Related {
		out.Related = append(out.Related, related{r.Message, locate(r.Span, r.Path)})
	}
	for _, x := range f.Fixes {
		to := fix{Message: x.Message, Safe: x.Safe}
		for _, e := range x.Edits {
			to.Edits = append(to.Edits, edit{locate(e.Span, ""), e.New})
		}
		out.Fixes = append(out.Fixes, to)
	}
	return out
}

func locate(s source.Span, path string) place {
	if !s.IsValid() {
		return place{Path: path}
	}
	start, end := s.Position(), s.EndPosition()
	return place{
		File: start.Filename, Line: start.Line, Column: start.Column, EndLine: end.Line, EndColumn: end.Column,
		Start: &s.Start, End: &s.End,
	}
}
