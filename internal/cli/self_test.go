package cli

import (
	"os"
	"testing"

	"bulkhead/internal/secret"
)

// TestNoSecretInside: the examples that detectors and the pages on rules hold
// accuse no image that has Bulkhead in it.
func TestNoSecretInside(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := secret.NewScanner().Scan("bulkhead", f)
	if err != nil {
		t.Fatal(err)
	}
	public := 0
	for _, x := range r.Secrets {
		if x.Public != "" {
			public++
			continue
		}
		t.Errorf("got %s (%s) at byte %d, want nothing that is not public", x.Kind, x.Shown, x.Start)
	}
	if public == 0 {
		t.Error("the examples of the pages on rules were not found: nothing was searched")
	}
}
