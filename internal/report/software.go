package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
	"bulkhead/internal/upgrade"
)

// A Group is what is read and cured together: the vulnerabilities of one
// release of one piece of software, the most pressing first, or any other
// finding alone.
type Group []*finding.Finding

// Groups returns the findings of r in groups, in the order of the first finding
// of each.
func (r *Report) Groups() []Group {
	type key struct {
		image                            *model.Image
		rule, ecosystem, source, version string
		dev                              bool
	}
	out := make([]Group, 0, len(r.Findings))
	all := make([]*finding.Finding, len(r.Findings))
	at := map[key]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Vulnerability == nil || f.Vulnerability.Package == nil {
			all[i] = f
			out = append(out, all[i:i+1:i+1])
			continue
		}
		p := f.Vulnerability.Package
		k := key{f.Image, f.Rule, p.Ecosystem, cmp.Or(p.Source, p.Name), cmp.Or(p.SourceVersion, p.Version), p.Dev}
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k], out = n, append(out, nil)
		}
		out[n] = append(out[n], f)
	}
	return out
}

// Severity returns the worst severity in g.
func (g Group) Severity() finding.Severity {
	worst := finding.Info
	for _, f := range g {
		worst = max(worst, f.Severity)
	}
	return worst
}

// packages returns what g's vulnerabilities are in, each package once.
func (g Group) packages() []*model.Package {
	var out []*model.Package
	seen := map[*model.Package]bool{}
	for _, f := range g {
		for _, p := range f.Packages {
			if !seen[p] {
				seen[p], out = true, append(out, p)
			}
		}
	}
	return out
}

// Message says in one line what g is.
func (g Group) Message() string {
	if len(g) == 1 {
		return g[0].Message
	}
	var exploited []string
	cured := 0
	for _, f := range g {
		if f.Vulnerability.Exploited {
			exploited = append(exploited, f.Vulnerability.ID)
		}
		if f.Vulnerability.Upgrade != nil {
			cured++
		}
	}
	text := fmt.Sprintf("%s has %d known vulnerabilities: %s", model.Software(g.packages()), len(g), Tally(g))
	switch len(exploited) {
	case 0:
	case 1:
		text += "; " + exploited[0] + " is being exploited"
	default:
		text += fmt.Sprintf("; %d are being exploited, such as %s", len(exploited), exploited[0])
	}
	switch u := g.Upgrade(); {
	case u == nil:
		text += "; no version cures them yet"
	case cured == len(g):
		text += "; " + u.Version + " cures all of them"
	default:
		text += fmt.Sprintf("; %s cures %d of them", u.Version, cured)
	}
	return text + g[0].Image.UseOf(g.packages()...)
}

// Upgrade returns what cures the vulnerabilities of g, or nil.
func (g Group) Upgrade() *model.Upgrade {
	for _, f := range g {
		if f.Vulnerability != nil && f.Vulnerability.Upgrade != nil {
			return f.Vulnerability.Upgrade
		}
	}
	return nil
}

// Tally counts findings by severity, the worst first: "2 critical, 10 high".
func Tally(findings []*finding.Finding) string {
	var counts [finding.Never]int
	for _, f := range findings {
		counts[f.Severity]++
	}
	var parts []string
	for s := len(counts) - 1; s >= 0; s-- {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], finding.Severity(s)))
		}
	}
	return strings.Join(parts, ", ")
}

// An Advice is one thing to do about vulnerabilities.
type Advice struct {
	Image    *model.Image
	Step     upgrade.Step
	Written  source.Span        // the instruction of a Dockerfile that brought what is to be upgraded; invalid where none is known
	Base     bool               // it comes with the base image
	History  string             // the step of the image's history that brought it, as recorded
	Findings []*finding.Finding // what it cures
}

// Advice returns what to do about the vulnerabilities of r, the most pressing
// first: an upgrade for each package, and one for all packages of a distribution
// that one instruction brought.
func (r *Report) Advice() []Advice {
	if !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Vulnerability != nil }) {
		return nil
	}
	type origin struct {
		image   *model.Image
		written source.Span
		base    bool
	}
	var origins []origin
	upgrades := map[origin][]*model.Upgrade{}
	cures := map[*model.Upgrade][]*finding.Finding{}
	layers := map[origin]model.Layer{}
	for _, g := range r.Groups() {
		u := g.Upgrade()
		if u == nil || g[0].Image == nil {
			continue
		}
		l := layerOf(g[0].Image, g[0].Vulnerability.Package)
		o := origin{g[0].Image, l.Written.Span, l.Base.Value}
		if upgrades[o] == nil {
			origins, layers[o] = append(origins, o), l
		}
		if !slices.Contains(upgrades[o], u) {
			upgrades[o] = append(upgrades[o], u)
		}
		for _, f := range g {
			if f.Vulnerability.Upgrade != nil {
				cures[u] = append(cures[u], f)
			}
		}
	}
	var out []Advice
	for _, o := range origins {
		for _, s := range upgrade.Steps(upgrades[o]) {
			a := Advice{Image: o.image, Step: s, Written: o.written, Base: o.base, History: layers[o].History}
			for _, u := range s.Upgrades {
				a.Findings = append(a.Findings, cures[u]...)
			}
			out = append(out, a)
		}
	}
	return out
}

// layerOf returns the layer of i that p came with, or the zero layer.
func layerOf(i *model.Image, p *model.Package) model.Layer {
	if i.Inventory == nil || p.Layer < 0 || p.Layer >= len(i.Inventory.Layers) {
		return model.Layer{}
	}
	return i.Inventory.Layers[p.Layer]
}

// Text returns the advice on one line.
func (a Advice) Text() string {
	text := a.Image.Name + ": "
	if a.Written.IsValid() {
		text += a.Written.Position().String() + ": "
	}
	text += a.Step.Do
	switch {
	case a.Base && a.Step.Where != "":
		text += " (" + a.Step.Where + ", which comes with the base image; a newer one may do)"
	case a.Base:
		text += " (it comes with the base image; a newer one may do)"
	case a.Step.Where != "" && !strings.HasSuffix(a.Step.Do, " "+a.Step.Where):
		text += " (" + a.Step.Where + ")"
	}
	text += fmt.Sprintf(" cures %d: %s", len(a.Findings), Tally(a.Findings))
	exploited := 0
	for _, f := range a.Findings {
		if f.Vulnerability.Exploited {
			exploited++
		}
	}
	if exploited > 0 {
		text += fmt.Sprintf(", %d exploited", exploited)
	}
	return text
}
