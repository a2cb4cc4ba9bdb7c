// Package report holds what a check found out, in the shape every output
// format is written from. The formats are the packages below it.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

// A Report is the outcome of one check.
type Report struct {
	Version string // of Bulkhead
	Started time.Time
	Took    time.Duration

	Images     []Image           // those that were looked into
	Looked     []string          // what was looked at, one phrase each: "2 Dockerfiles", "compose.yaml: 4 services"
	Findings   []finding.Finding // ranked, worst first
	Top        []Story           // what to fix first, at most three
	NotChecked []model.Note
	Suppressed []Suppression
	Faults     int      // things asked for that could not be checked
	Data       []string // the age of embedded data: "end-of-life table of 2026-08-21"

	Warnings []string // about the check itself: "the newest advisory is 30 days old"

	FailOn          finding.Severity // findings from here on fail the check; finding.Never where severities do not count
	FailOnExploited bool             // vulnerabilities known to be exploited fail it
	Rules           []*rule.Rule     // the rules that ran, for the formats that describe them
}

// An Image is an image that was looked into: what it is built on, and what of it
// came from there.
type Image struct {
	Name string
	ID   string // digest of its configuration, empty where there is none
	Base *model.Base
	Own  model.Share // what was added to the base
	From model.Share // what came with the base
	Told bool        // whether From and Own are known

	Matched bool // the packages were looked up, so that none known against them means something

	Digests  []string // "repository@sha256:…", where the image has been pushed or pulled
	Layers   int
	Packages int
	Known    Known

	Vulnerabilities []*model.Vulnerability // all, those included that are no findings
}

// Judged names the image by what cannot come to mean another one: its digest,
// and those of the repositories it is in.
func (i Image) Judged() string {
	s := i.Name
	if i.ID != "" {
		s += " " + i.ID
	}
	if len(i.Digests) > 0 {
		s += " (" + strings.Join(i.Digests, ", ") + ")"
	}
	return s
}

// A Known is what is known against the software of an image. Of several
// packages of one source a vulnerability counts once.
type Known struct {
	Fixable   int         // vulnerabilities that a newer version cures
	Unfixed   int         // that none cures yet
	WontFix   int         // that the distribution will not cure
	Excused   int         // that a VEX statement says do no harm
	Withdrawn int         // advisories that are left out because their authors took them back
	Unknown   []model.Gap // packages nobody here can say anything of
}

// Sentence says what the image is built on and what came from there, or "".
func (i Image) Sentence() string {
	if i.Base == nil {
		return ""
	}
	name := i.Base.Name
	if name == "" {
		name = "an image without a name here"
	}
	s := fmt.Sprintf("%s: built on %s (%s, by %s)", i.Name, name, i.Base.Confidence, evidence(i.Base))
	if i.Told {
		s += fmt.Sprintf("; from the base %s; own %s", i.share(i.From), i.share(i.Own))
	}
	return s
}

func evidence(b *model.Base) string {
	var kinds []string
	for _, e := range b.Evidence {
		if k := string(e.Kind); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return strings.Join(kinds, ", ")
}

func (i Image) share(s model.Share) string {
	known := ""
	switch {
	case !i.Matched:
	case s.Vulnerabilities == 1:
		known = "1 vulnerability, "
	default:
		known = fmt.Sprintf("%d vulnerabilities, ", s.Vulnerabilities)
	}
	return fmt.Sprintf("%s, %s%s, %s in %s", Count(s.Packages, "package"), known,
		Count(s.Secrets, "secret"), units.HumanSize(float64(s.Size)), Count(s.Layers, "layer"))
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
	for i := range r.Findings {
		if r.Fails(&r.Findings[i]) {
			failing++
		}
	}
	switch {
	case r.Faults > 0:
		return ExitNotDone, Count(r.Faults, "thing") + " asked for could not be checked"
	case failing > 0:
		return ExitFound, Count(failing, "finding") + " " + r.Bar()
	}
	return ExitOK, "nothing " + r.Bar()
}

// Fails reports whether f fails the check.
func (r *Report) Fails(f *finding.Finding) bool {
	return f.Severity >= r.FailOn || r.FailOnExploited && f.Vulnerability != nil && f.Vulnerability.Exploited
}

// Bar returns what fails the check, as the end of a phrase: "at high or above".
func (r *Report) Bar() string {
	const exploited = "known to be exploited"
	switch {
	case r.FailOn == finding.Never:
		return exploited
	case r.FailOnExploited:
		return "at " + AtLeast(r.FailOn) + " or " + exploited
	}
	return "at " + AtLeast(r.FailOn)
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
