package report

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"

	"bulkhead/internal/finding"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 日本 😀":        "plain é 日本 😀",
		"\x1b[31mred":         `\x1b[31mred`,
		"\u009b31m":           `\x9b31m`,
		"a\nb\r\tc\x7f\x00":   `a\nb\r\tc\x7f\x00`,
		"safe\u202egpj.exe":   `safe\u202egpj.exe`,
		"\u2066x\u2069\u200b": `\u2066x\u2069\u200b`,
		"\u2028\ufeff":        `\u2028\ufeff`,
		"\U000e0041":          `\U000e0041`,
		"\xff\xc3":            `\xff\xc3`,
		"\ufffd":              "\ufffd",
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b]0;x\a\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range Printable(s) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q: %q is left", s, r)
			}
		}
	})
}

func TestEncodeJSON(t *testing.T) {
	in := "é\x1b\u009b\u202e\U000e0041<b>"
	var b bytes.Buffer
	if err := EncodeJSON(&b, in, ""); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), `"é\u001b\u009b\u202e\udb40\udc41<b>"`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var back string
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back != in {
		t.Errorf("got %q (%v), want %q", back, err, in)
	}
}

func TestExit(t *testing.T) {
	high, low := finding.Finding{Severity: finding.High}, finding.Finding{Severity: finding.Low}
	for _, tt := range []struct {
		report Report
		code   int
		reason string
	}{
		{Report{FailOn: finding.High}, 0, "nothing at high or above"},
		{Report{FailOn: finding.High, Findings: []finding.Finding{low}}, 0, "nothing at high or above"},
		{Report{FailOn: finding.Low, Findings: []finding.Finding{low, high}}, 1, "2 findings at low or above"},
		{Report{FailOn: finding.Critical, Findings: []finding.Finding{high}}, 0, "nothing at critical"},
		{Report{FailOn: finding.High, Findings: []finding.Finding{high}, Faults: 1}, 3, "1 thing asked for could not be checked"},
	} {
		if code, reason := tt.report.Exit(); code != tt.code || reason != tt.reason {
			t.Errorf("got %d %q, want %d %q", code, reason, tt.code, tt.reason)
		}
	}
}
