package rule

import (
	"regexp"
	"strings"
)

// An Index finds rules by anybody's id.
type Index struct {
	byName, byRef map[string][]*Rule
}

// NewIndex returns the index of rules.
func NewIndex(rules []*Rule) Index {
	x := Index{byName: map[string][]*Rule{}, byRef: map[string][]*Rule{}}
	for _, r := range rules {
		x.byName[strings.ToLower(r.Name)] = []*Rule{r}
		for _, ref := range r.Refs {
			x.add(canonical(ref), r)
			if _, bare, ok := strings.Cut(ref, " "); ok {
				x.add(canonical(bare), r)
			}
		}
	}
	return x
}

func (x Index) add(id string, r *Rule) {
	if rules := x.byRef[id]; len(rules) == 0 || rules[len(rules)-1] != r {
		x.byRef[id] = append(rules, r)
	}
}

// Lookup returns the rules that id names: the one of that name or, where
// there is none, all that refer to it. id may be another tool's, with or
// without the tool's name: "DL3002", "hadolint DL3002", "AVD-DS-0002".
func (x Index) Lookup(id string) []*Rule {
	if named := x.byName[strings.ToLower(id)]; named != nil {
		return named
	}
	return x.byRef[canonical(id)]
}

// Lookup looks one id up; see Index.
func Lookup(rules []*Rule, id string) []*Rule { return NewIndex(rules).Lookup(id) }

// oldTrivy matches the ids of Trivy's checks before they were AVD ids.
var oldTrivy = regexp.MustCompile(`^(ds|ksv)(\d{3})$`)

// canonical returns id in the spelling ids are compared in. Trivy has called
// one check DS002, AVD-DS-0002 and DS-0002.
func canonical(id string) string {
	id = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(id)), "avd-")
	return oldTrivy.ReplaceAllString(id, "$1-0$2")
}
