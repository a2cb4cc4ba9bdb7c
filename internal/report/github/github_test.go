package github

import (
	"testing"

	"bulkhead/internal/report/reporttest"
)

func TestGolden(t *testing.T) { reporttest.Golden(t, Writer{}, "report.txt") }

func TestProperty(t *testing.T) {
	if got, want := property("a:b,c%\n::error::"), `a%3Ab%2Cc%25\n%3A%3Aerror%3A%3A`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
