package check

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/report"
	"bulkhead/internal/report/sarif"
	"bulkhead/internal/rules"
	"bulkhead/internal/secret"
)

// TestOwnReport: a report that was left in the folder accuses nothing.
func TestOwnReport(t *testing.T) {
	var text bytes.Buffer
	if err := (sarif.Writer{}).Write(&text, &report.Report{FailOn: finding.High, Rules: rules.All()}); err != nil {
		t.Fatal(err)
	}
	if len(secret.NewScanner().ScanBytes("bulkhead.sarif", text.Bytes()).Secrets) == 0 {
		t.Fatal("the pages on rules hold no example of a secret: this test proves nothing")
	}
	t.Chdir(t.TempDir())
	token := "TOKEN = \"glpat-" + "q7Wz2kLmX9vB4nRtY8sD\"\n"
	for name, content := range map[string][]byte{"bulkhead.sarif": text.Bytes(), "other.sarif": []byte(token)} {
		if err := os.WriteFile(filepath.Join(".", name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Run(t.Context(), Options{Paths: []string{"."}, Deep: true, Rules: rules.All()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Subject != "other.sarif" {
			t.Errorf("got %s: %s, want nothing of the report", f.Where(), f.Message)
		}
	}
	if len(r.Findings) != 1 {
		t.Errorf("got %d findings, want the one of the other file", len(r.Findings))
	}
}
