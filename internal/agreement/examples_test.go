package agreement

import (
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rules"
	"bulkhead/internal/ruletest"
)

// TestShop holds the example to what the readme says of it: a fault of each
// severity on each surface.
func TestShop(t *testing.T) {
	r, err := check.Run(t.Context(), check.Options{Paths: []string{"../../examples/shop"}, Rules: rules.All(), Now: ruletest.Now})
	if err != nil {
		t.Fatal(err)
	}
	type kind struct {
		surface  model.Surface
		severity finding.Severity
	}
	found := map[kind]bool{}
	for _, f := range r.Findings {
		found[kind{f.Surface, f.Severity}] = true
	}
	for _, s := range []model.Surface{model.Dockerfile, model.Compose, model.Kube} {
		for severity := finding.Info; severity <= finding.Critical; severity++ {
			if !found[kind{s, severity}] {
				t.Errorf("nothing %s on surface %s", severity, s)
			}
		}
	}
	if len(r.Top) != 3 {
		t.Errorf("%d things to fix first, want 3", len(r.Top))
	}
}

// TestHardenedShop holds the clean twin to being clean.
func TestHardenedShop(t *testing.T) {
	r, err := check.Run(t.Context(), check.Options{Paths: []string{"../../examples/shop-hardened"}, Rules: rules.All(), Now: ruletest.Now})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Severity >= finding.Medium {
			t.Errorf("%s: %s: %s (%s)", f.Where(), f.Severity, f.Message, f.Rule)
		}
	}
	if len(r.Looked) < 4 {
		t.Errorf("looked at %q only", r.Looked)
	}
}
