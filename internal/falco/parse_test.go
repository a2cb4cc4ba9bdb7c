package falco

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// casesFile holds what the engine's own tests say of conditions.
const casesFile = "../../../shared/data/falco/filter-cases.jsonl"

// A filterCase is one line of casesFile.
type filterCase struct {
	Condition, Verdict, Level, Test, File, Error, Warnings string
	Expect                                                 *bool
}

// filterCases returns the cases of a level.
func filterCases(t *testing.T, level string) []filterCase {
	t.Helper()
	f, err := os.Open(casesFile)
	if err != nil {
		t.Skip("the engine's cases are not here: ", err)
	}
	defer func() { _ = f.Close() }()
	var cases []filterCase
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var c filterCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Level == level {
			cases = append(cases, c)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

// parsed parses a condition that stands alone and returns the first fault.
func parsed(condition string) (*expr, error) {
	e, errs := parse(literal(condition, place{}), maxDepth)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return e, nil
}

// TestParseCases holds the parser against the engine's: every case agrees.
func TestParseCases(t *testing.T) {
	cases := filterCases(t, "parse")
	if len(cases) < 566 {
		t.Errorf("got %d cases, want 566", len(cases))
	}
	agree := 0
	for _, c := range cases {
		_, err := parsed(c.Condition)
		if (err == nil) != (c.Verdict == "valid") {
			t.Errorf("%s: %q: got %v, want %s", c.Test, c.Condition, err, c.Verdict)
			continue
		}
		agree++
	}
	t.Logf("parse: %d of %d cases agree", agree, len(cases))
	for _, level := range []string{"eval", "eval-mock"} {
		for _, c := range filterCases(t, level) {
			if _, err := parsed(c.Condition); err != nil {
				t.Errorf("%s: %q: %v", c.Test, c.Condition, err)
			}
		}
	}
}
