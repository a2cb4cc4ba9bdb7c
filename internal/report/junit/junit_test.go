package junit

import (
	"encoding/xml"
	"testing"

	"bulkhead/internal/report/reporttest"
)

func TestGolden(t *testing.T) {
	var back suites
	if err := xml.Unmarshal(reporttest.Golden(t, Writer{}, "report.xml"), &back); err != nil {
		t.Fatal(err)
	}
	if back.Failures != 3 || back.Skipped != 2 || back.Tests != 8 {
		t.Errorf("got %d tests, %d failures, %d skipped, want 8, 3, 2", back.Tests, back.Failures, back.Skipped)
	}
}
