// Package finding is what rules report.
package finding

import (
	"fmt"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Severity orders findings by how much harm they allow, not by how certain
// they are.
type Severity uint8

// The severities, from least to most harm.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical

	// Never is above them all: the bar of a gate that looks at no severity.
	Never
)

var names = [...]string{"info", "low", "medium", "high", "critical", "none"}

func (s Severity) String() string { return names[s] }

// ParseSeverity returns the severity called name.
func ParseSeverity(name string) (Severity, error) {
	for i, n := range names[:Never] {
		if n == name {
			return Severity(i), nil
		}
	}
	return 0, fmt.Errorf("severity %q is none of info, low, medium, high, critical", name)
}

// A Finding is one violation of one rule at one place.
type Finding struct {
	Rule     string
	Severity Severity
	Subject  string // the workload, image reference, network or host it is about
	Surface  model.Surface
	Message  string      // a fact, lower case, no period: "container is privileged"
	Gain     string      // what an attacker in the subject gets, a verb phrase; see rule.Rule
	Prize    Prize       // the best of it
	Likely   bool        // rests on something unknown; certain otherwise
	Span     source.Span // the narrowest text that is wrong: a value or a key, never a whole block
	Path     string      // the place where there is no text: "container web: HostConfig.Privileged"
	Related  []Related   // other places that explain it, other surfaces that show the same cause
	Fixes    []Fix       // alternatives; at most one is applied

	// Vulnerability is what the finding is, where it is one, and Packages what
	// it is in: the packages of one source, or the copies of one package.
	Vulnerability *model.Vulnerability
	Packages      []*model.Package

	Fingerprint string // stable when lines move; see package check

	// What the finding is about; at most one is set.
	Workload *model.Workload
	Image    *model.Image
	Build    *model.Build
	Network  *model.Network
	Host     *model.Host
}

// A Prize is what an attacker gets, in the order they would choose.
type Prize uint8

// The prizes.
const (
	Foothold Prize = iota // nothing beyond the container itself
	Secrets               // credentials, which open something else
	Takeover              // the host or the cluster
)

// Where returns f's place as people read it: "compose.yaml:4:17", or Path.
func (f Finding) Where() string {
	if f.Span.IsValid() {
		return f.Span.Position().String()
	}
	return f.Path
}

// A Related is another place of the same finding.
type Related struct {
	Span    source.Span
	Path    string
	Message string // "also: running now"
}

// A Fix is a change that cures a finding.
type Fix struct {
	Message string // a verb phrase: "mount the root file system read-only"
	Safe    bool   // cannot change what a working container can do
	Edits   []source.Edit
}
