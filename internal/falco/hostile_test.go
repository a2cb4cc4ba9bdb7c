package falco

import (
	"fmt"
	"strings"
	"testing"

	"bulkhead/internal/source"
)

// TestHostileRules loads files that would grow without bound. Each must be
// refused, and soon: the test's own deadline is the measure.
func TestHostileRules(t *testing.T) {
	var lists, macros, chain strings.Builder
	for i := range 64 {
		fmt.Fprintf(&lists, "- list: l%02d_\n  items: [l%02d_, l%02d_]\n", i, i+1, i+1)
		if i == 0 {
			macros.WriteString("- macro: m0\n  condition: proc.name = a or proc.pid = 1\n")
			continue
		}
		fmt.Fprintf(&macros, "- macro: m%d\n  condition: m%d and m%d\n", i, i-1, i-1)
	}
	chain.WriteString("- macro: n0\n  condition: proc.name = a\n")
	for i := range 20_000 {
		fmt.Fprintf(&chain, "- macro: n%d\n  condition: not (n%d)\n", i+1, i)
	}
	rule := func(condition string) string {
		return "- rule: r\n  desc: d\n  output: o\n  priority: info\n  condition: evt.type = execve and " + condition + "\n"
	}
	for name, text := range map[string]string{
		"lists of lists":         lists.String() + rule("proc.name in (l00_)"),
		"macros of macros":       macros.String() + rule("m63"),
		"a long chain of macros": chain.String() + rule("n20000"),
		"parentheses":            rule(strings.Repeat("(", 100_000)),
		"transformers":           rule(strings.Repeat("tolower(", 100_000)),
		"a name many times":      "- list: l\n  items: [" + strings.Repeat("x", 1000) + "]\n" + rule("proc.name in ("+strings.Repeat("l,", 50_000)+"l)"),
	} {
		set := Load([]*source.File{source.NewFile("x.yaml", []byte(text))}, Options{})
		if set.Err() == nil || len(set.Rules) > 0 {
			t.Errorf("%s: got %d rules and no error, want none", name, len(set.Rules))
		}
	}
}

// TestMatchAllocates holds the promise that deciding an event allocates
// nothing.
func TestMatchAllocates(t *testing.T) {
	set := Load(upstream(t, "falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"), Options{})
	ev := set.Compile().Evaluator()
	for _, e := range mix() {
		ev.Match(e) // what the event makes once is its own
		if n := testing.AllocsPerRun(100, func() { ev.Match(e) }); n > 0 {
			t.Errorf("%s: %v allocations, want none", e.Type(), n)
		}
	}
}
