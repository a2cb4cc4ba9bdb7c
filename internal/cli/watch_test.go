package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/falco"
	"bulkhead/internal/sensor"
	"bulkhead/internal/source"
	"bulkhead/internal/watch"
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

// TestWatchGuide: the guide lists every rule there is without --rules, with its
// priority, and no other.
func TestWatchGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/guide/watch.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What alerts\n")
	section, _, _ = strings.Cut(section, "\n## ")
	got, want := map[string]string{}, map[string]string{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.HasPrefix(line, "|---") || strings.TrimSpace(cells[1]) == "rule" {
			continue
		}
		name := strings.TrimSpace(cells[1])
		if got[name] != "" {
			t.Errorf("%s is listed twice", name)
		}
		got[name] = strings.TrimSpace(cells[2])
	}
	for _, r := range falco.Load([]*source.File{source.NewFile("watch_rules.yaml", watchRules)}, falco.Options{}).Rules {
		want[r.Name] = r.Priority.String()
	}
	for _, r := range watch.Rules() {
		want[r.Name] = r.Priority.String()
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("rules of the guide: got -, want +:\n%s", diff)
	}
}
