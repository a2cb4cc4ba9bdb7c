package markdown

import (
	"testing"

	"bulkhead/internal/report/reporttest"
)

func TestGolden(t *testing.T) { reporttest.Golden(t, Writer{}, "report.md") }

func TestEscapes(t *testing.T) {
	if got, want := plain("<b>|[x](y)\n@all"), `&#60;b&#62;\|\[x\]\(y\)\\n&#64;all`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := code("a`|b"), "`` a`\\|b ``"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
