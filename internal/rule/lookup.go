package rule

import (
	"regexp"
	"strings"
)

// Lookup returns the rules that id names: the one of that name or, where
// there is none, all that refer to it. id may be another tool's, with or
// without the tool's name: "DL3002", "hadolint DL3002", "AVD-DS-0002".
func Lookup(rules []*Rule, id string) []*Rule {
	var found []*Rule
	want := canonical(id)
	for _, r := range rules {
		if strings.EqualFold(r.Name, id) {
			return []*Rule{r}
		}
		for _, ref := range r.Refs {
			_, bare, _ := strings.Cut(ref, " ")
			if want != "" && (canonical(ref) == want || canonical(bare) == want) {
				found = append(found, r)
				break
			}
		}
	}
	return found
}

// oldTrivy matches the ids of Trivy's checks before they were AVD ids.
var oldTrivy = regexp.MustCompile(`^(ds|ksv)(\d{3})$`)

// canonical returns id in the spelling ids are compared in. Trivy has called
// one check DS002, AVD-DS-0002 and DS-0002.
func canonical(id string) string {
	id = strings.TrimPrefix(strings.ToLower(strings.TrimSpace(id)), "avd-")
	return oldTrivy.ReplaceAllString(id, "$1-0$2")
}
