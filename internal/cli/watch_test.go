package cli

import (
	"testing"

	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
	"bulkhead/internal/source"
)

// TestWatchRules: nothing is wrong with the default rules, and the sensor can
// decide all of them.
func TestWatchRules(t *testing.T) {
	set := falco.Load([]*source.File{source.NewFile("watch_rules.yaml", watchRules)}, falco.Options{Append: falco.SuggestedOutput})
	for _, d := range set.Diagnostics {
		t.Errorf("%s: %s", d.Span.Position(), d.Message)
	}
	program := set.Compile()
	if missing := sensor.Unsupported(program.EventTypes()); len(missing) > 0 || len(set.Rules) < 9 {
		t.Errorf("got %d rules, with events that are not seen: %q", len(set.Rules), missing)
	}
	for _, r := range program.Refs() {
		if !sensor.Supports(r) {
			t.Errorf("%s never has a value", r.Text)
		}
	}
}
