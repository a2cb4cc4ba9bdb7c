package secret

import "testing"

// TestDetectors runs every detector alone over its examples.
func TestDetectors(t *testing.T) {
	detectors, err := readDetectors()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(detectors); n < 200 {
		t.Errorf("got %d detectors, want at least 200", n)
	}
	seen := map[string]bool{}
	for _, d := range detectors {
		if seen[d.id] {
			t.Errorf("%s: listed twice", d.id)
		}
		seen[d.id] = true
		if c := d.compiled(); c.err != nil {
			t.Errorf("%s: %v", d.id, c.err)
		} else if c.longest >= lookAhead || d.form == byInner && c.longest > lookBehind-64 {
			t.Errorf("%s: matches of %d bytes reach beyond a view", d.id, c.longest)
		}
		if d.id != "key-store" { // which TestKeyStore has files of
			testExamples(t, d)
		}
	}
	t.Logf("%d detectors", len(detectors))
}

func testExamples(t *testing.T, d *detector) {
	s := NewScanner()
	s.rules = newRuleset([]*detector{d})
	path := "x"
	if len(d.paths) > 0 {
		path = d.paths[0]
	}
	if len(d.good) == 0 || len(d.bad) == 0 {
		t.Errorf("%s: got %d positive and %d negative examples, want some of both", d.id, len(d.good), len(d.bad))
	}
	for _, text := range d.good {
		if got := s.ScanBytes(path, []byte(text)).Secrets; len(got) != 1 || got[0].Detector != d.id {
			t.Errorf("%s: got %+v, want one in %s", d.id, got, text)
		}
	}
	for _, text := range d.bad {
		if got := s.ScanBytes(path, []byte(text)).Secrets; len(got) != 0 {
			t.Errorf("%s: got %+v, want none in %s", d.id, got, text)
		}
	}
}
