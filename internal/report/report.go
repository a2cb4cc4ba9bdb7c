// Package report holds what a check found out, in the shape every output
// format is written from. The formats are the packages below it.
package report

import (
	"fmt"
	"io"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

// A Report is the outcome of one check.
type Report struct {
	Version string // of Bulkhead
	Started time.Time
	Took    time.Duration

	Looked     []string          // what was looked at, one phrase each: "2 Dockerfiles", "compose.yaml: 4 services"
	Findings   []finding.Finding // ranked, worst first
	Top        []Story           // what to fix first, at most three
	NotChecked []model.Note
	Suppressed []Suppression
	Faults     int      // things asked for that could not be checked
	Data       []string // the age of embedded data: "end-of-life table of 2026-08-21"

	FailOn finding.Severity // findings from here on fail the check
	Rules  []*rule.Rule     // the rules that ran, for the formats that describe them
}

// A Story is a finding told as what an attacker gets from it.
type Story struct {
	Finding  *finding.Finding
	Sentence string // one sentence, with the chain that leads there
	Proven   bool   // the service was built, started and tested with the fix
}

// A Suppression is a finding somebody decided to live with.
type Suppression struct {
	Finding finding.Finding
	Reason  string
	Until   time.Time // the last day it holds; zero for ever
	Where   string    // the place of the comment or of the configuration's entry
}

// A Writer writes a report in one format.
type Writer interface {
	Write(w io.Writer, r *Report) error
}

// Exit codes of the command line; they are the same for every format.
const (
	ExitOK      = 0
	ExitFound   = 1 // findings at or above FailOn
	ExitUsage   = 2 // the command line or the configuration is wrong
	ExitNotDone = 3 // something asked for could not be checked
)

// Exit returns the exit code r stands for and the reason for it.
func (r *Report) Exit() (code int, reason string) {
	failing := 0
	for _, f := range r.Findings {
		if f.Severity >= r.FailOn {
			failing++
		}
	}
	switch {
	case r.Faults > 0:
		return ExitNotDone, Count(r.Faults, "thing") + " asked for could not be checked"
	case failing > 0:
		return ExitFound, Count(failing, "finding") + " at " + AtLeast(r.FailOn)
	}
	return ExitOK, "nothing at " + AtLeast(r.FailOn)
}

// AtLeast returns s as the lower end of a range: "high or above".
func AtLeast(s finding.Severity) string {
	if s == finding.Critical {
		return s.String()
	}
	return s.String() + " or above"
}

// Counts returns how many findings r has of each severity, indexed by it.
func (r *Report) Counts() (n [finding.Critical + 1]int) {
	for _, f := range r.Findings {
		n[f.Severity]++
	}
	return n
}

// Count returns n with noun, which takes an s in the plural.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
