package project

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestLocate: a package is where its name stands with its version, and not
// where another's name ends or begins like it.
func TestLocate(t *testing.T) {
	f := source.NewFile("package-lock.json", []byte(`{
  "packages": {
    "": {"dependencies": {"left-pad": "^1.0.0"}},
    "node_modules/my-left-pad": {
      "version": "1.0.0"
    },
    "node_modules/left-pad": {
      "version": "1.0.1"
    },
    "node_modules/a/node_modules/left-pad": {
      "version": "1.0.0"
    }
  }
}
`))
	l := NewLocator(f)
	for _, c := range []struct {
		version string
		line    int
	}{{"1.0.1", 7}, {"1.0.0", 10}, {"2.0.0", 1}} {
		span := l.Locate(&model.Package{Name: "left-pad", Version: c.version}).Span
		if got := span.Position().Line; got != c.line {
			t.Errorf("left-pad %s: got line %d (%q), want %d", c.version, got, span.Text(), c.line)
		}
	}
}

// TestLocateHostile: in a file made of one name, with all the packages that are
// read of one, places are given up in time.
func TestLocateHostile(t *testing.T) {
	f := source.NewFile("requirements.txt", []byte(strings.Repeat("a==1\n", 3<<20)))
	l := NewLocator(f)
	begin := time.Now()
	for i := range 50_000 {
		if got := l.Locate(&model.Package{Name: "a", Version: fmt.Sprintf("2.%d", i)}).Span.Position().Line; got != 1 {
			t.Fatalf("got line %d, want 1: no version is there", got)
		}
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("got %v, want at most 20 s on a loaded machine", took)
	}
}
