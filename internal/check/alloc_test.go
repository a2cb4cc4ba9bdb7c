package check_test

import (
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/rules"
)

// TestAllocations fails when reading or judging an artifact allocates much more
// than it has to. Measured on 2026-11-21 over the example shop: 665 and 206 a
// file.
func TestAllocations(t *testing.T) {
	const reading, judging = 800, 260
	files := shops(t, 10)
	n := float64(len(files))
	if got := testing.AllocsPerRun(5, func() { check.System(check.Sources{Files: files}) }) / n; got > reading {
		t.Errorf("reading takes %.0f allocations a file, want at most %d", got, reading)
	}
	sys := check.System(check.Sources{Files: files})
	all := rules.All()
	if got := testing.AllocsPerRun(5, func() { check.Findings(all, sys) }) / n; got > judging {
		t.Errorf("judging takes %.0f allocations a file, want at most %d", got, judging)
	}
}
