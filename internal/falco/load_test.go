package falco

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkhead/internal/source"
)

// rulesDir holds upstream's rules.
const rulesDir = "../../../shared/data/falco/rules"

// upstream returns upstream's rule files of the given names.
func upstream(t testing.TB, names ...string) []*source.File {
	t.Helper()
	var files []*source.File
	for _, n := range names {
		src, err := os.ReadFile(filepath.Join(rulesDir, n))
		if err != nil {
			t.Skip("upstream's rules are not here: ", err)
		}
		files = append(files, source.NewFile(n, src))
	}
	return files
}

// tiers are upstream's files and how many rules each has.
var tiers = []struct {
	file  string
	rules int
	types int
}{
	{"falco_rules.yaml", 25, 19}, {"falco-incubating_rules.yaml", 31, 25}, {"falco-sandbox_rules.yaml", 37, 26},
}

// TestUpstreamRules loads upstream's files unchanged: none has an error, no
// rule is left out, and the event types are those the notes count.
func TestUpstreamRules(t *testing.T) {
	total := 0
	for _, tier := range tiers {
		files := upstream(t, tier.file)
		set := Load(files, Options{Append: SuggestedOutput})
		for _, d := range set.Diagnostics {
			if d.Level == Error {
				t.Errorf("%s: %s: %s: %s", d.Span.Position(), d.Code, d.Item, d.Message)
			} else {
				t.Logf("%s: %s: %s: %s", d.Span.Position(), d.Code, d.Item, d.Message)
			}
		}
		for _, r := range set.Rules {
			r.Enabled = true
		}
		p := set.Compile()
		if len(set.Rules) != tier.rules || set.Skipped != 0 {
			t.Errorf("%s: got %d rules and %d skipped, want %d and none", tier.file, len(set.Rules), set.Skipped, tier.rules)
		}
		total += len(set.Rules)
		if got := len(p.EventTypes()); got != tier.types {
			t.Errorf("%s: got %d event types, want %d", tier.file, got, tier.types)
		}
		if got := len(p.Refs()); got < 50 {
			t.Errorf("%s: got %d fields, want at least 50", tier.file, got)
		}
		t.Logf("%s: %d rules, %d lists, %d macros, %d event types: %v", tier.file, len(set.Rules), set.Lists, set.Macros, len(p.EventTypes()), p.EventTypes())
	}
	t.Logf("%d of 93 rules load", total)
	if total != 93 {
		t.Errorf("got %d rules, want 93", total)
	}
}

// TestUpstreamNames holds the names that hints speak of against the files.
func TestUpstreamNames(t *testing.T) {
	l := &loader{set: &Set{}, symbols: newSymbols(nil)}
	for _, tier := range tiers {
		for _, f := range upstream(t, tier.file) {
			l.read(f)
		}
	}
	for m := range strings.FieldsSeq(upstreamMacros) {
		if l.macros.byName[m] == nil {
			t.Errorf("upstream has no macro %s", m)
		}
	}
	for n := range strings.FieldsSeq(upstreamLists) {
		if l.lists.byName[n] == nil {
			t.Errorf("upstream has no list %s", n)
		}
	}
}
