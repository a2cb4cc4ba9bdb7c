package vuln

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// A compiled is a record as it goes into the database.
type compiled struct {
	advisory
	modified int64
	entries  []entry
}

// compile turns an OSV record into what the database keeps of it: what it
// says of packages accept permits, without the details, the references, the
// commits and the versions that its ranges cover.
func compile(r *record, accept func(ecosystem string) bool) *compiled {
	c := &compiled{modified: max(int64(r.Modified), int64(r.Published))}
	c.advisory = advisory{
		id:        r.ID,
		withdrawn: r.Withdrawn != "",
		published: int64(r.Published),
		summary:   r.summary(),
		aliases:   names(r.Aliases),
		upstream:  names(r.Upstream),
		vectors:   vectors(r.Severity),
		level:     cmp.Or(worded(string(r.Specific.Severity)), wordOf(r.Severity)),
		score:     r.Specific.score(),
	}
	if malicious(r.ID) {
		c.level, c.summary = "critical", "" // the summary says no more than the id
	}
	for _, a := range r.Affected {
		ecosystem := a.Package.Ecosystem
		if ecosystem == "" || a.Package.Name == "" || !accept(ecosystem) || tooLong(ecosystem, a.Package.Name) {
			continue
		}
		if ecosystem == "Go" && a.Ecosystem.Imports.elsewhere() {
			continue
		}
		n := entry{ecosystem: ecosystem, name: normalName(ecosystem, a.Package.Name), affected: affectedOf(&a)}
		if len(n.ranges) == 0 && len(n.versions) == 0 {
			continue // commits only
		}
		n.rate(&a)
		c.entries = append(c.entries, n)
	}
	return c
}

// rate takes over what an advisory says of the harm to one package.
func (n *entry) rate(a *affectedEntry) {
	n.vectors = vectors(a.Severity)
	if v := string(a.Database.CVSS); v != "" && len(n.vectors) == 0 {
		n.vectors = vectors([]rating{{Score: text(v)}})
	}
	switch urgency := string(a.Ecosystem.Urgency); {
	case urgency == "end-of-life":
		n.wontFix = true
	case slices.Contains(distributions, baseOf(n.ecosystem)):
		n.urgency = cmp.Or(worded(urgency), worded(string(a.Ecosystem.Severity)))
	}
	switch a.Database.Informational {
	case "unmaintained", "notice":
		n.urgency = "none"
	}
}

// affectedOf reads ranges and versions. GIT ranges are about commits.
func affectedOf(a *affectedEntry) affected {
	o := newOrder(a.Package.Ecosystem)
	var out affected
	for _, r := range a.Ranges {
		if r.Type != "SEMVER" && r.Type != "ECOSYSTEM" {
			continue
		}
		var events []event
		for _, e := range r.Events {
			for kind, v := range []string{introduced: e.Introduced, fixed: e.Fixed, lastAffected: e.LastAffected, limit: e.Limit} {
				if v != "" && !tooLong(v) {
					events = append(events, event{eventKind(kind), v})
				}
			}
		}
		if len(events) > 0 {
			out.ranges = append(out.ranges, sorted(events, o))
		}
	}
	out.versions = out.uncovered(a.Versions, o)
	return out
}

// uncovered returns the versions that no range covers, each once.
func (a *affected) uncovered(versions []string, o *order) []string {
	var out []string
	ranges := affected{ranges: a.ranges}
	for _, text := range versions {
		if text == "" || tooLong(text) {
			continue
		}
		v, err := o.version(text)
		if err == nil {
			if in, err := ranges.holds(v); in && err == nil {
				continue
			}
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// score returns the score a source gives without a vector, the newest first.
func (s *specific) score() float64 {
	for _, t := range []text{s.CVSS4, s.CVSS3, s.CVSS2} {
		if f, err := strconv.ParseFloat(string(t), 64); err == nil && f > 0 && f <= 10 {
			return f
		}
	}
	return 0
}

// names returns the ids of a list, in order and once each.
func names(list []string) []string {
	var out []string
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !tooLong(s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func tooLong(texts ...string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return len(s) > maxText })
}
