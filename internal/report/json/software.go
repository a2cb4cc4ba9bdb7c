package json

import (
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
)

// A known is what is known against the software of an image.
type known struct {
	Fixable   int       `json:"fixable"`
	Unfixed   int       `json:"unfixed"`
	WontFix   int       `json:"wont_fix"`
	Excused   int       `json:"excused"`
	Withdrawn int       `json:"withdrawn"`
	Unknown   []unknown `json:"unknown"`
}

// An unknown is packages nobody can say anything of.
type unknown struct {
	Ecosystem string   `json:"ecosystem,omitempty"`
	Why       string   `json:"why"`
	Packages  []string `json:"packages"`
}

func knownOf(k report.Known) *known {
	out := &known{k.Fixable, k.Unfixed, k.WontFix, k.Excused, k.Withdrawn, []unknown{}}
	for _, g := range k.Unknown {
		u := unknown{Ecosystem: g.Ecosystem, Why: g.Why}
		for _, p := range g.Packages {
			u.Packages = append(u.Packages, p.Name+" "+p.Version)
		}
		out.Unknown = append(out.Unknown, u)
	}
	return out
}

type vulnerability struct {
	ID        string     `json:"id"`
	Aliases   []string   `json:"aliases"`
	Severity  string     `json:"severity,omitempty"`
	Score     float64    `json:"cvss_score,omitempty"`
	Vector    string     `json:"cvss_vector,omitempty"`
	EPSS      float64    `json:"epss,omitempty"`
	Exploited bool       `json:"exploited"`
	Listed    string     `json:"kev_date,omitempty"`
	State     string     `json:"state"`
	Fixed     string     `json:"fixed,omitempty"`
	Upgrade   string     `json:"upgrade,omitempty"`
	Summary   string     `json:"summary,omitempty"`
	Published string     `json:"published,omitempty"`
	Source    string     `json:"source,omitempty"`
	Packages  []software `json:"packages"`
	VEX       *excuse    `json:"vex,omitempty"`
}

type software struct {
	Name          string   `json:"name"`
	Version       string   `json:"version"`
	Ecosystem     string   `json:"ecosystem,omitempty"`
	Source        string   `json:"source,omitempty"`
	SourceVersion string   `json:"source_version,omitempty"`
	PURL          string   `json:"purl,omitempty"`
	Files         []string `json:"files,omitempty"`
	Layer         *layer   `json:"layer,omitempty"`
}

type layer struct {
	Index   int    `json:"index"`
	DiffID  string `json:"diff_id,omitempty"`
	History string `json:"history,omitempty"`
}

type excuse struct {
	Status string `json:"status"`
	Reason string `json:"reason"`
	By     string `json:"by,omitempty"`
	Where  string `json:"where"`
}

func vulnerabilityOf(f *finding.Finding) *vulnerability {
	v := f.Vulnerability
	out := &vulnerability{
		ID: v.ID, Aliases: append([]string{}, v.Aliases...), Severity: v.Severity, Score: v.Score, Vector: v.Vector,
		EPSS: v.EPSS, Exploited: v.Exploited, Listed: date(v.Listed), State: string(v.State), Fixed: v.Fixed,
		Summary: v.Summary, Published: date(v.Published), Source: v.Source, Packages: []software{},
	}
	if v.Upgrade != nil {
		out.Upgrade = v.Upgrade.Version
	}
	if e := v.Excuse; e != nil {
		out.VEX = &excuse{e.Status, e.Reason, e.By, e.Where}
	}
	for _, p := range f.Packages {
		out.Packages = append(out.Packages, softwareOf(p, f.Image))
	}
	return out
}

func softwareOf(p *model.Package, i *model.Image) software {
	s := software{
		Name: p.Name, Version: p.Version, Ecosystem: p.Ecosystem, Source: p.Source, SourceVersion: p.SourceVersion,
		PURL: p.PURL, Files: p.Locations,
	}
	if i != nil && i.Inventory != nil && p.Layer >= 0 && p.Layer < len(i.Inventory.Layers) {
		l := i.Inventory.Layers[p.Layer]
		s.Layer = &layer{p.Layer, l.DiffID, l.History}
	}
	return s
}

// date returns the day of t, or nothing of the zero time.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// An advice is one thing to do about vulnerabilities.
type advice struct {
	Subject  string   `json:"subject"`
	Do       string   `json:"do"`
	Instead  string   `json:"instead,omitempty"`
	File     string   `json:"file,omitempty"`
	Base     bool     `json:"base"`
	History  string   `json:"history,omitempty"`
	Place    *place   `json:"place,omitempty"`
	Cures    []string `json:"cures"`
	Packages []string `json:"packages"`
}

func advices(r *report.Report) []advice {
	out := []advice{}
	for _, a := range r.Advice() {
		x := advice{Subject: a.Image.Name, Do: a.Step.Do, Instead: a.Step.Instead, File: a.Step.Where, Base: a.Base, History: a.History, Cures: []string{}, Packages: []string{}}
		if a.Written.IsValid() {
			at := locate(a.Written, "")
			x.Place = &at
		}
		for _, f := range a.Findings {
			x.Cures = append(x.Cures, f.Vulnerability.ID)
		}
		for _, u := range a.Step.Upgrades {
			for _, p := range u.Packages {
				x.Packages = append(x.Packages, p.Name+" "+p.Version+" to "+u.Version)
			}
		}
		out = append(out, x)
	}
	return out
}
