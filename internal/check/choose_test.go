package check

import (
	"testing"

	"bulkhead/internal/config"
	"bulkhead/internal/finding"
	"bulkhead/internal/rule"
)

// TestWeigh checks that rules newer than the configuration's edition fail no
// build until it is raised.
func TestWeigh(t *testing.T) {
	for _, tt := range []struct {
		since, edition string
		want           finding.Severity
	}{
		{"", "2026.1", finding.High},
		{"2026.2", "", finding.High},
		{"2026.2", "2026.2", finding.High},
		{"2026.2", "2026.1", finding.Info},
		{"2026.10", "2026.9", finding.Info},
		{"2026.9", "2026.10", finding.High},
		{"2027.1", "2026.12", finding.Info},
	} {
		findings := []finding.Finding{{Rule: "r", Severity: finding.High}}
		weigh(findings, []*rule.Rule{{Name: "r", Since: tt.since}}, &config.Config{Edition: tt.edition})
		if got := findings[0].Severity; got != tt.want {
			t.Errorf("a rule of %q under edition %q: got %v, want %v", tt.since, tt.edition, got, tt.want)
		}
	}
}
