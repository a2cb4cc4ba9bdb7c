package vuln

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/model"
)

// A group is what several advisories say of one vulnerability in a package.
type group struct {
	names map[string]bool
	hits  []hit
}

// merge makes one vulnerability of all advisories that name the same one:
// by their ids, their aliases and, for a distribution's, what they are about.
// An advisory about several CVEs is none of them: it says of each that it is
// fixed, so it joins the group of each.
func (m *matcher) merge(p *model.Package, v version, hits []hit) ([]*model.Vulnerability, error) {
	var out []*model.Vulnerability
	for _, g := range groups(hits) {
		found, err := m.vulnerability(p, v, g)
		if err != nil {
			return nil, err
		}
		out = append(out, found)
	}
	return out, nil
}

// groups joins hits with a name in common.
func groups(hits []hit) []*group {
	type member struct {
		hit
		names []string
	}
	var members []member
	var parent []int
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	first := map[string]int{} // the member that brought a name
	for _, h := range hits {
		for _, names := range h.subjects() {
			me := len(members)
			members, parent = append(members, member{h, names}), append(parent, me)
			for _, n := range names {
				if other, ok := first[n]; ok {
					parent[root(me)] = root(other)
				} else {
					first[n] = me
				}
			}
		}
	}
	var list []*group
	of := map[int]*group{}
	for i, m := range members {
		g := of[root(i)]
		if g == nil {
			g = &group{names: map[string]bool{}}
			of[root(i)], list = g, append(list, g)
		}
		g.hits = append(g.hits, m.hit)
		for _, n := range m.names {
			g.names[n] = true
		}
	}
	return list
}

// subjects returns the names of each vulnerability the advisory is about.
func (h hit) subjects() [][]string {
	if len(h.upstream) < 2 {
		return [][]string{slices.Concat([]string{h.id}, h.aliases, h.upstream)}
	}
	var list [][]string
	for _, u := range h.upstream {
		list = append(list, []string{u})
	}
	return list
}

// vulnerability describes a group.
func (m *matcher) vulnerability(p *model.Package, v version, g *group) (*model.Vulnerability, error) {
	for _, h := range g.hits {
		g.names[h.id] = true
	}
	names := slices.SortedFunc(maps.Keys(g.names), byFame)
	out := &model.Vulnerability{ID: names[0], Aliases: names[1:], Package: p, State: model.Unfixed}
	slices.Sort(out.Aliases)
	var known severity
	for _, name := range cvesOf(names) {
		fact, err := m.db.cve(name)
		if err != nil {
			return nil, err
		}
		out.Exploited = out.Exploited || fact.exploited
		out.EPSS = max(out.EPSS, fact.epss)
		if !fact.listed.IsZero() && (out.Listed.IsZero() || fact.listed.Before(out.Listed)) {
			out.Listed = fact.listed
		}
		if s, ok := baseScore(fact.vector); ok {
			known = worse(known, s)
		}
	}
	slices.SortStableFunc(g.hits, func(a, b hit) int { return byFame(a.id, b.id) })
	best := g.severity(known)
	out.Severity, out.Score, out.Vector = best.level, best.score, best.vector
	for _, h := range g.hits {
		out.Summary = cmp.Or(out.Summary, h.summary)
		out.Source = cmp.Or(out.Source, sourceOf(h.id, p.Ecosystem))
		if t := time.Unix(h.published, 0).UTC(); h.published > 0 && (out.Published.IsZero() || t.Before(out.Published)) {
			out.Published = t
		}
		if malicious(h.id) { // nobody has to exploit it: it is the attack
			out.Summary, out.Exploited = "malicious package", true
		}
		if h.wontFix {
			out.State = model.WontFix
		}
	}
	if out.Fixed = g.fix(v); out.Fixed != "" {
		out.State = model.FixAvailable
	}
	return out, nil
}

// severity returns the worst rating of the group. Where no advisory in it has
// one, what is known about its CVEs counts. A distribution that says there is
// little or no harm in its package is believed.
func (g *group) severity(known severity) severity {
	var best, words severity
	lowest := ""
	for _, h := range g.hits {
		for _, vector := range slices.Concat(h.entry.vectors, h.advisory.vectors) {
			if s, ok := baseScore(vector); ok {
				best = worse(best, s)
			}
		}
		if h.score > 0 {
			words = worse(words, rated(h.score))
		}
		words = worse(words, severity{level: h.level})
		words = worse(words, severity{level: h.urgency})
		if h.urgency == "none" || h.urgency == "low" && lowest == "" {
			lowest = h.urgency
		}
	}
	best = firstRated(best, known, words)
	if lowest != "" {
		best.level = lowest
	}
	return best
}

// firstRated returns the first of the severities that says anything.
func firstRated(list ...severity) severity {
	for _, s := range list {
		if s.level != "" {
			return s
		}
	}
	return severity{}
}

// fix returns the smallest version that none of the advisories applies to,
// among those they name. Where no version cures all, those without any fix
// are left out of account.
func (g *group) fix(v version) string {
	if v.parsed == nil {
		return ""
	}
	var candidates []version
	var curable []hit
	for _, h := range g.hits {
		before := len(candidates)
		for _, n := range h.all {
			for _, e := range slices.Concat(n.ranges...) {
				if e.kind != fixed {
					continue
				}
				c, err := v.order.version(e.version)
				if d, cerr := v.cmp(e.version); err == nil && cerr == nil && d < 0 {
					candidates = append(candidates, c)
				}
			}
		}
		if len(candidates) > before {
			curable = append(curable, h)
		}
	}
	slices.SortStableFunc(candidates, func(a, b version) int {
		c, err := a.cmp(b.text)
		if err != nil {
			return 0
		}
		return cmp.Or(c, cmp.Compare(a.text, b.text))
	})
	for _, hits := range [][]hit{g.hits, curable} {
		for _, c := range candidates {
			if cures(c, hits) {
				return c.text
			}
		}
	}
	return ""
}

// cures reports whether none of the advisories applies to a version.
func cures(v version, hits []hit) bool {
	return !slices.ContainsFunc(hits, func(h hit) bool {
		return slices.ContainsFunc(h.all, func(n *entry) bool {
			in, err := n.holds(v)
			return in || err != nil
		})
	})
}

// fame lists the beginnings of ids, the best known first.
var fame = []string{"CVE-", "GHSA-", "GO-", "RUSTSEC-", "PYSEC-", "MAL-"}

// byFame orders ids: the best known kind first, newer CVEs after older ones.
func byFame(a, b string) int {
	return cmp.Or(cmp.Compare(fameOf(a), fameOf(b)), cmp.Compare(a, b))
}

func fameOf(id string) int {
	i := slices.IndexFunc(fame, func(prefix string) bool { return strings.HasPrefix(id, prefix) })
	if i < 0 {
		return len(fame)
	}
	return i
}

// sources names who publishes advisories, by the beginning of their ids.
var sources = []struct{ prefix, name string }{
	{"GHSA-", "GitHub"},
	{"GO-", "Go"},
	{"PYSEC-", "PyPA"},
	{"RUSTSEC-", "RustSec"},
	{"MAL-", "OpenSSF"},
	{"OSV-", "OSS-Fuzz"},
	{"HSEC-", "Haskell"},
	{"BIT-", "Bitnami"},
	{"NSWG-", "Node.js"},
	{"FOP-", "FriendsOfPHP"},
}

// sourceOf says whose word an advisory is: for a distribution's package the
// distribution's.
func sourceOf(id, ecosystem string) string {
	for _, s := range sources {
		if strings.HasPrefix(id, s.prefix) {
			return s.name
		}
	}
	return baseOf(ecosystem)
}
