package vuln

import (
	"cmp"
	"errors"
	"slices"

	"bulkhead/internal/model"
)

// A Reason says why nothing is known about packages.
type Reason string

// The reasons.
const (
	NoEcosystem Reason = "no-ecosystem" // advisories have no name for where the package comes from
	NoData      Reason = "no-data"      // the ecosystem or release is not in the database
	NoOrder     Reason = "no-order"     // versions cannot be compared; only listed ones were found
	NoVersion   Reason = "no-version"   // the package records no version, as a Go main module built from a checkout
	BadVersion  Reason = "bad-version"  // the version, or one in an advisory, is none in this ecosystem
)

// A Gap is a group of packages of which it is unknown whether they are
// vulnerable.
type Gap struct {
	Reason    Reason
	Ecosystem string // as of the packages
	Packages  []*model.Package
}

// A Result is what a database says of packages.
type Result struct {
	Vulnerabilities []*model.Vulnerability // the most pressing first
	Gaps            []Gap                  // by ecosystem and reason
	Covered         int                    // packages that were looked up
	Owned           int                    // packages that belong to a distribution's, which is looked up in their place
	Withdrawn       int                    // advisories that would apply had they not been withdrawn
}

// Match looks packages up. What is found is in order: known to be exploited,
// likely to be, fixable, severe, by name.
func (d *DB) Match(packages []*model.Package) (result *Result, err error) {
	defer catchFault(&err)()
	m := matcher{db: d, result: &Result{}, names: map[string]string{}, upgrades: map[release]*model.Upgrade{}}
	for _, p := range packages {
		if p.Owner != "" {
			m.result.Owned++
			continue
		}
		if err := m.match(p); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(m.result.Vulnerabilities, Urgent)
	for _, u := range m.upgrades {
		slices.SortStableFunc(u.Packages, func(a, b *model.Package) int {
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version), slices.Compare(a.Locations, b.Locations))
		})
	}
	slices.SortStableFunc(m.result.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Reason, b.Reason))
	})
	return m.result, nil
}

// Urgent orders vulnerabilities, the most pressing first: those known to be
// exploited, then by the probability that they will be, then those a version
// cures, then by severity.
func Urgent(a, b *model.Vulnerability) int {
	return cmp.Or(
		-compareBool(a.Exploited, b.Exploited),
		-cmp.Compare(a.EPSS, b.EPSS),
		-compareBool(a.State == model.FixAvailable, b.State == model.FixAvailable),
		-cmp.Compare(slices.Index(levels, a.Severity), slices.Index(levels, b.Severity)),
		-cmp.Compare(a.Score, b.Score),
		cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.Package.Name, b.Package.Name),
		cmp.Compare(a.Package.Version, b.Package.Version),
		cmp.Compare(a.Package.PURL, b.Package.PURL),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// A matcher is one run of Match.
type matcher struct {
	db     *DB
	result *Result
	names  map[string]string // what the database calls an ecosystem, empty where it has no data of it

	upgrades map[release]*model.Upgrade
}

// A hit is an advisory that applies to a package.
type hit struct {
	*advisory
	*entry          // the one that holds
	all    []*entry // all that the advisory says of the package
}

// match looks one package up.
func (m *matcher) match(p *model.Package) error {
	if p.Ecosystem == "" {
		m.gap(NoEcosystem, p)
		return nil
	}
	ecosystem, err := m.ecosystem(p.Ecosystem)
	if err != nil {
		return err
	}
	name, text := subject(p)
	switch {
	case ecosystem == "":
		m.gap(NoData, p)
		return nil
	case text == "":
		m.gap(NoVersion, p)
		return nil
	}
	v, err := newOrder(ecosystem).version(text)
	switch {
	case errors.Is(err, errNoOrder):
		m.gap(NoOrder, p)
	case err != nil:
		m.gap(BadVersion, p)
		return nil
	case !wellFormed(text, ecosystem):
		m.gap(BadVersion, p)
		v.parsed = nil // advisories about every version hold, and those that list this one
	default:
		m.result.Covered++
	}
	hits, all, err := m.hits(p, name, v)
	if err != nil {
		return err
	}
	found, err := m.merge(p, v, hits)
	if err != nil {
		return err
	}
	m.result.Vulnerabilities = append(m.result.Vulnerabilities, found...)
	return m.advise(advice{p, release{ecosystem, name, text}, v, found, hits, all})
}

// ecosystem returns what the database calls an ecosystem and release, empty
// where it has no data of it.
func (m *matcher) ecosystem(name string) (string, error) {
	found, ok := m.names[name]
	if ok {
		return found, nil
	}
	for _, s := range spellings(name) {
		covered, err := m.db.covers(s)
		if err != nil {
			return "", err
		}
		if covered {
			found = s
			break
		}
	}
	m.names[name] = found
	return found, nil
}

// hits returns what applies to a version of a package, and all that advisories
// say of the package, by advisory.
func (m *matcher) hits(p *model.Package, name string, v version) (hits []hit, all map[uint64][]*entry, err error) {
	i, found, err := m.db.find(v.order.ecosystem, name)
	if err != nil || !found {
		return nil, nil, err
	}
	all = map[uint64][]*entry{}
	unclear := false
	err = m.db.eachEntry(i, func(n *entry) error {
		all[n.advisory] = append(all[n.advisory], n)
		in, err := n.holds(v)
		if err != nil {
			unclear = unclear || !errors.Is(err, errNoOrder)
			return nil // the others can still be told
		}
		if !in {
			return nil
		}
		a, err := m.db.advisory(n.advisory)
		switch {
		case err != nil:
			return err
		case a.withdrawn:
			m.result.Withdrawn++
		default:
			hits = append(hits, hit{a, n, nil})
		}
		return nil
	})
	for i := range hits {
		hits[i].all = all[hits[i].entry.advisory]
	}
	if unclear {
		m.gap(BadVersion, p)
	}
	return hits, all, err
}

// gap notes that nothing is known about a package.
func (m *matcher) gap(reason Reason, p *model.Package) {
	for i := range m.result.Gaps {
		if g := &m.result.Gaps[i]; g.Reason == reason && g.Ecosystem == p.Ecosystem {
			g.Packages = append(g.Packages, p)
			return
		}
	}
	m.result.Gaps = append(m.result.Gaps, Gap{reason, p.Ecosystem, []*model.Package{p}})
}
