package suppress

import (
	_ "embed" // for the archives of the rules

	"bulkhead/internal/finding"
	"bulkhead/internal/rule"
)

//go:embed unused_suppression.txtar
var unusedDoc string

//go:embed suppression_without_reason.txtar
var withoutReasonDoc string

var unused = &rule.Rule{
	Name:     "unused-suppression",
	Summary:  "a suppression silences nothing, or does so no more",
	Severity: finding.Low,
	Doc:      unusedDoc,
}

var withoutReason = &rule.Rule{
	Name:     "suppression-without-reason",
	Summary:  "a suppression does not say why",
	Severity: finding.Low,
	Doc:      withoutReasonDoc,
}

// Rules returns the rules about suppressions. They check no fact: Apply finds
// what they are about.
func Rules() []*rule.Rule { return []*rule.Rule{unused, withoutReason} }
