package watch

import (
	"bytes"
	"testing"

	"bulkhead/internal/falco"
	"bulkhead/internal/source"
)

const proposeRules = `
- rule: "Written: odd"
  desc: d
  condition: evt.type = openat
  output: o
  priority: NOTICE
`

// TestExceptions: what is written loads after the rule without a diagnostic,
// silences what was seen, and nothing else; names that a file of rules cannot
// hold are left out and counted.
func TestExceptions(t *testing.T) {
	var x Exceptions
	for _, file := range []string{"/var/log/a b", "/etc/passwd", "/etc/passwd", "/tmp/\n- rule: forged", `/tmp/"quoted"`, "/tmp/\xff"} {
		x.Seen(&Alert{Alert: falco.Alert{Rule: "Written: odd"}, Pairs: []Pair{
			{"container.image.repository", "shop"}, {"proc.exepath", "/bin/web"}, {"fd.name", file},
		}})
	}
	x.Seen(&Alert{Alert: falco.Alert{Rule: "no rule of a file"}})
	if x.Count() != 2 || x.Left != 3 {
		t.Errorf("got %d exceptions and %d left, want 2 and 3", x.Count(), x.Left)
	}
	var b bytes.Buffer
	if _, err := x.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	set := falco.Load([]*source.File{source.NewFile("rules", []byte(proposeRules)), source.NewFile("proposed", b.Bytes())}, falco.Options{})
	for _, d := range set.Diagnostics {
		t.Errorf("%s: %s\n%s", d.Span.Position(), d.Message, b.String())
	}
	ev := set.Compile().Evaluator()
	for line, want := range map[string]bool{
		`{"evt.type":"openat","container.image.repository":"shop","proc.exepath":"/bin/web","fd.name":"/etc/passwd"}`:  false,
		`{"evt.type":"openat","container.image.repository":"shop","proc.exepath":"/bin/web","fd.name":"/var/log/a b"}`: false,
		`{"evt.type":"openat","container.image.repository":"shop","proc.exepath":"/bin/sh","fd.name":"/etc/passwd"}`:   true,
		`{"evt.type":"openat","container.image.repository":"other","proc.exepath":"/bin/web","fd.name":"/etc/passwd"}`: true,
		`{"evt.type":"openat","container.image.repository":"shop","proc.exepath":"/bin/web","fd.name":"/etc/shadow"}`:  true,
	} {
		r, err := set.ParseRecord([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if got := ev.First(r) != nil; got != want {
			t.Errorf("%s: got alert %t, want %t", line, got, want)
		}
	}
}
