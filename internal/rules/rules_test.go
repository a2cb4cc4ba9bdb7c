package rules

import (
	"regexp"
	"testing"

	"bulkhead/internal/rule"
	"bulkhead/internal/ruletest"
)

func TestSyntax(t *testing.T) { ruletest.Run(t, syntax) }

// TestNames checks what every rule owes to those who refer to it.
func TestNames(t *testing.T) {
	sentence := regexp.MustCompile(`^([a-z]|[A-Z]{2}|"|:)[^\n]*[^.\n]$`) // lower case, but for names such as ADD
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	for _, r := range All() {
		if !name.MatchString(r.Name) {
			t.Errorf("%q is not in kebab-case", r.Name)
		}
		if seen[r.Name] {
			t.Errorf("two rules are called %s", r.Name)
		}
		seen[r.Name] = true
		if !sentence.MatchString(r.Summary) {
			t.Errorf("%s: summary %q is not a lower-case sentence without a period", r.Name, r.Summary)
		}
		if n := functions(r); n != 1 && r.Name != rule.Syntax {
			t.Errorf("%s has %d functions, want one", r.Name, n)
		}
	}
}

func functions(r *rule.Rule) int {
	n := 0
	for _, set := range []bool{r.Workload != nil, r.Image != nil, r.Build != nil, r.Network != nil, r.Host != nil, r.Grant != nil} {
		if set {
			n++
		}
	}
	return n
}
