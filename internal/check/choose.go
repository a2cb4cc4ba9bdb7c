package check

import (
	"cmp"
	"strconv"
	"strings"

	"bulkhead/internal/config"
	"bulkhead/internal/finding"
	"bulkhead/internal/rule"
)

// inForce returns the rules the configuration does not switch off.
func inForce(rules []*rule.Rule, c *config.Config) []*rule.Rule {
	out := make([]*rule.Rule, 0, len(rules))
	for _, r := range rules {
		if !c.Rules[r.Name].Value.Off {
			out = append(out, r)
		}
	}
	return out
}

// weigh gives findings the severity the configuration chose for their rule.
// Rules newer than the configuration's edition are info until it is raised, so
// that a new version of Bulkhead alone fails no build.
func weigh(findings []finding.Finding, rules []*rule.Rule, c *config.Config) {
	since := map[string]string{}
	for _, r := range rules {
		since[r.Name] = r.Since
	}
	for i := range findings {
		f := &findings[i]
		if choice, ok := c.Rules[f.Rule]; ok {
			f.Severity = choice.Value.Severity
		} else if c.Edition != "" && later(since[f.Rule], c.Edition) {
			f.Severity = finding.Info
		}
	}
}

// later reports whether edition a, a year and a number such as 2026.10, came
// after b. No edition is the first.
func later(a, b string) bool {
	yearA, a, _ := strings.Cut(a, ".")
	yearB, b, _ := strings.Cut(b, ".")
	numberA, _ := strconv.Atoi(a)
	numberB, _ := strconv.Atoi(b)
	return cmp.Or(cmp.Compare(yearA, yearB), cmp.Compare(numberA, numberB)) > 0
}
