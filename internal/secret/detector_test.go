package secret

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
)

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
		text = unquote(text)
		if got := s.ScanBytes(path, []byte(text)).Secrets; len(got) != 1 || got[0].Detector != d.id {
			t.Errorf("%s: got %+v, want one in %s", d.id, got, text)
		}
	}
	for _, text := range d.bad {
		text = unquote(text)
		if got := s.ScanBytes(path, []byte(text)).Secrets; len(got) != 0 {
			t.Errorf("%s: got %+v, want none in %s", d.id, got, text)
		}
	}
}

// unquote expands what examples are written with, so that no file of this
// project holds what a scanner takes for a credential: %a36% is 36 letters
// and digits, and so on (see made), %% nothing, \n and \t what they are in Go.
func unquote(s string) string {
	var out []byte
	for {
		before, rest, ok := strings.Cut(s, "%")
		out = append(out, before...)
		if !ok {
			break
		}
		body, after, ok := strings.Cut(rest, "%")
		n := 0
		if len(body) > 1 {
			n, _ = strconv.Atoi(body[1:])
		}
		if !ok || n == 0 && body != "" {
			out = append(out, '%')
			s = rest
			continue
		}
		if n > 0 {
			out = append(out, sample(body[0], n)...)
		}
		s = after
	}
	out = bytes.ReplaceAll(out, []byte(`\n`), []byte("\n"))
	return string(bytes.ReplaceAll(out, []byte(`\t`), []byte("\t")))
}

// sample returns n bytes of a set: (a)lphanumeric, (h)ex, (H)ex in capitals,
// (u)pper case and digits, (l)ower case and digits, (d)igits, (L)etters, (w)ord
// bytes with dashes, (b)ase64. The same bytes each time, no two runs alike.
func sample(set byte, n int) string {
	letters := map[byte]string{
		'a': "q7Wz2kLmX9vB4nRtY8sD3fGhJ6pC5aE0uI1oNbVcQxZ",
		'h': "7f3a91c04be85d26",
		'H': "7F3A91C04BE85D26",
		'u': "Q7WZ2KLMX9VB4NRTY8SD3FGHJ6PC5",
		'l': "q7wz2klmx9vb4nrty8sd3fghj6pc5",
		'd': "7391048265",
		'L': "qWzkLmXvBnRtYsDfGhJpCaEuIoNbVcQxZ",
		'w': "q7Wz2-kLmX9_vB4nRtY8sD3fGhJ6pC5aE0uI1oNbVcQxZ",
		'b': "q7Wz2+kLmX9/vB4nRtY8sD3fGhJ6pC5aE0uI1oNbVcQxZ",
	}[set]
	if letters == "" {
		return "?"
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[(i+i/len(letters)*7)%len(letters)]
	}
	return string(out)
}
