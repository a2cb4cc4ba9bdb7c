package watch

import "bulkhead/internal/falco"

// A Rule is a kind of alert that comes from no rule file.
type Rule struct {
	Name     string
	Priority falco.Priority // the least that matters
}

// The rules, besides those of deeds.
var (
	ruleLibrary    = Rule{"Library that is not of the image", falco.Critical}
	ruleDeleted    = Rule{"Deleted program runs", falco.Critical}
	ruleMemory     = Rule{"Program runs from memory", falco.Critical}
	ruleDeclared   = Rule{"Container differs from its Compose file", falco.Warn}
	ruleConnection = Rule{"Connection not allowed", falco.Critical}
	ruleProgram    = Rule{"Program not allowed", falco.Critical}
)

// Rules returns all kinds of alerts that come from no rule file.
func Rules() []Rule {
	out := []Rule{ruleLibrary, ruleDeleted, ruleMemory, ruleDeclared, ruleConnection, ruleProgram}
	for i := range deeds {
		out = append(out, Rule{deeds[i].rule, deeds[i].priority})
	}
	return out
}
