package vuln

import (
	"cmp"
	"slices"

	"github.com/google/osv-scalibr/semantic"
)

// An eventKind says what happens to a package at a version.
type eventKind uint8

// The kinds, as in the OSV schema. Their numbers are in the database.
const (
	introduced eventKind = iota
	fixed
	lastAffected
	limit
	kinds
)

// An event is one end of a range of versions.
type event struct {
	kind    eventKind
	version string
}

// A versionRange is a list of events in the order of their versions, limits
// last.
type versionRange []event

// An affected is what one advisory says about the versions of one package.
type affected struct {
	ranges   []versionRange
	versions []string // those that no range covers
}

// holds evaluates an advisory as the OSV schema does, section "Evaluation".
func (a *affected) holds(v version) (bool, error) {
	if slices.ContainsFunc(a.versions, v.is) {
		return true, nil
	}
	for _, r := range a.ranges {
		in, err := r.holds(v)
		if in || err != nil {
			return in, err
		}
	}
	return false, nil
}

// An order compares versions of an ecosystem, and remembers what it has read
// and compared: the advisories about one package name the same versions over
// and over.
type order struct {
	ecosystem string
	read      map[string]semantic.Version
	compared  map[[2]string]int
}

func newOrder(ecosystem string) *order {
	return &order{ecosystem, map[string]semantic.Version{}, map[[2]string]int{}}
}

// version reads a version.
func (o *order) version(text string) (version, error) {
	parsed, ok := o.read[text]
	if !ok {
		var err error
		if parsed, err = parseVersion(text, o.ecosystem); err != nil {
			return version{text: text, order: o}, err
		}
		o.read[text] = parsed
	}
	return version{text, o, parsed}, nil
}

// A version is a version of a package in its ecosystem.
type version struct {
	text   string
	order  *order
	parsed semantic.Version // nil where the ecosystem has no order
}

// is reports whether text is another way to write v.
func (v version) is(text string) bool {
	if v.text == text {
		return true
	}
	c, err := v.cmp(text)
	return err == nil && c == 0
}

// cmp orders v against text.
func (v version) cmp(text string) (int, error) {
	if v.parsed == nil {
		return 0, errNoOrder
	}
	pair := [2]string{v.text, text}
	if c, ok := v.order.compared[pair]; ok {
		return c, nil
	}
	w, err := v.order.version(text)
	if err != nil {
		return 0, err
	}
	c, err := v.parsed.Compare(w.parsed)
	if err == nil {
		v.order.compared[pair] = c
	}
	return c, err
}

// holds reports whether v is inside the range. What is introduced in "0" is in
// every version, however the ecosystem orders that one.
func (r versionRange) holds(v version) (bool, error) {
	in, limited, below := false, false, false
	for _, e := range r {
		limited = limited || e.kind == limit
		switch {
		case e.kind == limit && e.version == "*":
			below = true
			continue
		case e.kind != limit && in == (e.kind == introduced):
			continue // it could not change anything
		case e.group() == start:
			in = true
			continue
		}
		c, err := v.cmp(e.version)
		if err != nil {
			return false, err
		}
		switch {
		case e.kind == introduced && c >= 0:
			in = true
		case e.kind == fixed && c >= 0, e.kind == lastAffected && c > 0:
			in = false
		case e.kind == limit && c < 0:
			below = true
		}
	}
	return in && (!limited || below), nil
}

// sorted orders events by version. Of one version, events stay as they were
// written but for the last affected one, which ends what was introduced
// there. Events of an ecosystem without an order stay as they are. It sorts in
// place.
func sorted(events []event, o *order) versionRange {
	for _, e := range events {
		if _, err := o.version(e.version); err != nil && e.version != "*" {
			return events
		}
	}
	slices.SortStableFunc(events, func(a, b event) int {
		if d := cmp.Compare(a.group(), b.group()); d != 0 || a.group() != between {
			return d
		}
		v, _ := o.version(a.version) // read before
		if c, err := v.cmp(b.version); err == nil && c != 0 {
			return c
		}
		return cmp.Compare(a.ends(), b.ends())
	})
	return events
}

// The groups of events, in their order.
const (
	start   = iota // introduced with the first version
	between        // all others, by version
	end            // limits
)

func (e event) group() int {
	switch {
	case e.kind == limit:
		return end
	case e.kind == introduced && e.version == "0":
		return start
	}
	return between
}

// ends returns 1 for an event that holds after its version, else 0.
func (e event) ends() int {
	if e.kind == lastAffected {
		return 1
	}
	return 0
}
