package vuln

import (
	"cmp"
	"maps"
	"slices"

	"bulkhead/internal/model"
)

// A release is one version of one piece of software. Distributions make
// several packages of it.
type release struct{ ecosystem, name, version string }

// An advice is what is needed to say how far to upgrade a package.
type advice struct {
	pkg     *model.Package
	release release
	version version
	found   []*model.Vulnerability // in pkg
	hits    []hit
	all     map[uint64][]*entry // what advisories say of the package, by advisory
}

// advise tells the vulnerabilities of a package which upgrade cures them. The
// packages of one release share it.
func (m *matcher) advise(a advice) error {
	curable := func(v *model.Vulnerability) bool { return v.Fixed != "" && !malicious(v.ID) }
	if !slices.ContainsFunc(a.found, curable) {
		return nil
	}
	u := m.upgrades[a.release]
	if u == nil {
		target, err := m.target(a)
		if err != nil {
			return err
		}
		u = &model.Upgrade{Version: target}
		m.upgrades[a.release] = u
	}
	u.Packages = append(u.Packages, a.pkg)
	for _, v := range a.found {
		if curable(v) {
			v.Upgrade = u
		}
	}
	return nil
}

// maxTargets bounds how many versions are tried.
const maxTargets = 64

// target returns the smallest version to which nothing applies that any
// version cures, be it known of the package's version or introduced after it.
// It is one that an advisory names as a fix and not smaller than any of the
// fixes: each of those is the smallest for its vulnerability. Where every one
// that is tried has a flaw of its own, it is the largest of the fixes.
func (m *matcher) target(a advice) (string, error) {
	order := a.version.order
	var floor version
	for _, v := range a.found {
		if v.Fixed == "" {
			continue
		}
		if f, err := order.version(v.Fixed); err == nil && (floor.parsed == nil || before(floor, f)) {
			floor = f
		}
	}
	if clean, err := m.clean(a, floor, nil); clean || err != nil {
		return floor.text, err // as with most
	}
	candidates := []version{floor}
	for _, n := range a.entries() {
		for _, e := range slices.Concat(n.ranges...) {
			if e.kind != fixed {
				continue
			}
			if c, err := order.version(e.version); err == nil && before(floor, c) {
				candidates = append(candidates, c)
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b version) int {
		c, err := a.cmp(b.text)
		if err != nil {
			return 0
		}
		return cmp.Or(c, cmp.Compare(a.text, b.text))
	})
	candidates = slices.CompactFunc(candidates, func(a, b version) bool { return a.text == b.text })
	incurable := a.incurable()
	for _, c := range candidates[:min(len(candidates), maxTargets)] {
		clean, err := m.clean(a, c, incurable)
		if err != nil {
			return "", err
		}
		if clean {
			return c.text, nil
		}
	}
	return floor.text, nil
}

// before reports whether a comes before b.
func before(a, b version) bool {
	c, err := a.cmp(b.text)
	return err == nil && c < 0
}

// entries returns all that advisories say of the package, in a fixed order.
func (a advice) entries() []*entry {
	var list []*entry
	for _, key := range slices.Sorted(maps.Keys(a.all)) {
		list = append(list, a.all[key]...)
	}
	return list
}

// incurable returns the advisories that apply and name no fix after the
// package's version.
func (a advice) incurable() map[uint64]bool {
	out := map[uint64]bool{}
	for _, h := range a.hits {
		curable := slices.ContainsFunc(h.all, func(n *entry) bool {
			return slices.ContainsFunc(slices.Concat(n.ranges...), func(e event) bool {
				f, err := a.version.order.version(e.version)
				return e.kind == fixed && err == nil && before(a.version, f)
			})
		})
		if !curable {
			out[h.entry.advisory] = true
		}
	}
	return out
}

// clean reports whether nothing applies to version c but what no version
// cures.
func (m *matcher) clean(a advice, c version, incurable map[uint64]bool) (bool, error) {
	for key, list := range a.all {
		if incurable[key] {
			continue
		}
		for _, n := range list {
			if in, err := n.holds(c); !in || err != nil {
				continue
			}
			note, err := m.db.advisory(key)
			if err != nil {
				return false, err
			}
			if !note.withdrawn {
				return false, nil
			}
		}
	}
	return true, nil
}
