package check

import (
	"cmp"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/report"
	"bulkhead/internal/vuln"
)

// knownOf counts what is known against the software of i.
func knownOf(i *model.Image) report.Known {
	out := report.Known{Withdrawn: i.Withdrawn, Unknown: i.Gaps}
	type key struct {
		id       string
		software [3]string
	}
	seen := map[key]bool{}
	for _, v := range i.Vulnerabilities {
		k := key{v.ID, softwareOf(v)}
		if seen[k] {
			continue
		}
		seen[k] = true
		switch {
		case v.Excuse != nil:
			out.Excused++
		case v.State == model.FixAvailable:
			out.Fixable++
		case v.State == model.WontFix:
			out.WontFix++
		default:
			out.Unfixed++
		}
	}
	return out
}

// byUrgency puts the vulnerabilities of each image into the order in which they
// press: those known to be exploited, then those of what a process has loaded,
// then as vuln.Urgent has it. They take each other's places, so that all other
// findings, and other images, stay where they are.
func byUrgency(findings []finding.Finding) {
	places := map[*model.Image][]int{}
	for i := range findings {
		if f := &findings[i]; f.Vulnerability != nil {
			places[f.Image] = append(places[f.Image], i)
		}
	}
	for _, at := range places {
		list := make([]finding.Finding, len(at))
		for n, i := range at {
			list[n] = findings[i]
		}
		slices.SortStableFunc(list, func(a, b finding.Finding) int {
			return cmp.Or(cmp.Compare(use(b), use(a)), vuln.Urgent(a.Vulnerability, b.Vulnerability))
		})
		for n, i := range at {
			findings[i] = list[n]
		}
	}
}

// use orders the vulnerabilities of what runs.
func use(f finding.Finding) int {
	switch running := f.Image != nil && f.Image.Running != nil; {
	case f.Vulnerability.Exploited:
		return 3
	case running && model.InUse(f.Packages) == model.Set:
		return 2
	case running && model.InUse(f.Packages) == model.Unset:
		return 0
	}
	return 1
}

// softwareOf names what one upgrade cures v in.
func softwareOf(v *model.Vulnerability) [3]string {
	p := v.Package
	return [3]string{p.Ecosystem, cmp.Or(p.Source, p.Name), cmp.Or(p.SourceVersion, p.Version)}
}

// tellGroups has the stories about vulnerabilities tell of all that are in the
// same software: they are one thing to do.
func tellGroups(r *report.Report) {
	if !slices.ContainsFunc(r.Top, func(s report.Story) bool { return s.Finding.Vulnerability != nil }) {
		return
	}
	groups := map[*finding.Finding]report.Group{}
	for _, g := range r.Groups() {
		for _, f := range g {
			groups[f] = g
		}
	}
	for i := range r.Top {
		if g := groups[r.Top[i].Finding]; len(g) > 1 {
			f := *r.Top[i].Finding
			f.Message = g.Message()
			r.Top[i].Sentence = sentence(f)
		}
	}
}
