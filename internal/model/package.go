package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Inventory is the software found in an image, a container or a folder.
type Inventory struct {
	OS       OSRelease // zero where there is no os-release
	Packages []*Package
	Layers   []Layer // bottom first; empty where there are none
	Notes    []Note  // what could not be read, such as "no package database"
}

// An OSRelease is what /etc/os-release says, as in os-release(5).
type OSRelease struct {
	ID, VersionID, Codename, Name string
}

// A Layer is one layer of an image.
type Layer struct {
	DiffID  string
	Size    int64      // bytes, not compressed
	History string     // the step that made it, as recorded; empty where unknown
	Base    Fact[bool] // whether it belongs to the base image

	// Written is the instruction of a Dockerfile that made the layer, of the
	// base image's the FROM; without a span where no Dockerfile is known to be
	// the image's. It is likely where that Dockerfile has been edited since.
	Written     Place        `json:"-"`
	Instruction *Instruction `json:"-"` // the one at Written
	Above       bool         // it is what a container wrote above its image
}

// A Package is one installed or locked piece of software.
type Package struct {
	Name          string
	Version       string
	Ecosystem     string   // as in OSV: "Debian:12", "npm", "Go"; empty where OSV has none
	Source        string   // the source package advisories are about; empty where it is Name
	SourceVersion string   // empty where it is Version
	PURL          string   // package URL, as in the purl specification
	License       string   // as recorded, empty where it is not
	Locations     []string // paths inside the image or folder, the most telling first
	Layer         int      // index in Inventory.Layers of the layer it came with; -1 where there are none
	Dev           bool     // needed to build or test only, as far as a lock file says
	Owner         string   // the distribution package that owns its files, empty where none does
	Place         Place    // where a lock file names it; zero elsewhere
	Loaded        State    // where Image.Running is set: Set where a process uses it, Unset where none does, Unknown where that cannot be told
}

// InUse returns whether one of packages is loaded: of those that are one piece of
// software, one is enough.
func InUse(packages []*Package) State {
	state := Unset
	for _, p := range packages {
		switch p.Loaded {
		case Set:
			return Set
		case Unknown:
			state = Unknown
		}
	}
	return state
}

// UseOf says whether running container i uses one of packages, which are of one
// piece of software, or that only builds and tests do, as the end of a message;
// nothing of an image. Either all of packages are for builds and tests, or none.
func (i *Image) UseOf(packages ...*Package) string {
	if len(packages) > 0 && packages[0].Dev {
		return "; needed to build or test only"
	}
	if i == nil || i.Running == nil {
		return ""
	}
	switch InUse(packages) {
	case Set:
		return "; a process has it loaded"
	case Unset:
		return "; no process has it loaded"
	}
	return "; whether it is loaded cannot be told"
}

// Software returns what people call packages that are of one release of one
// piece of software, with its version: the source where there are several.
func Software(packages []*Package) string {
	if len(packages) == 0 {
		return ""
	}
	p := packages[0]
	var names []string
	for _, p := range packages {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 1 {
		return p.Name + " " + p.Version
	}
	const most = 6
	more := ""
	if len(names) > most {
		names, more = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
	}
	return cmp.Or(p.Source, p.Name) + " " + cmp.Or(p.SourceVersion, p.Version) + " (" + strings.Join(names, ", ") + more + ")"
}

// A Vulnerability is an advisory that applies to a package.
type Vulnerability struct {
	ID        string   // the best known name: the CVE where there is one
	Aliases   []string // every other name, sorted
	Package   *Package
	Severity  string  // none, low, medium, high, critical; empty where nobody says
	Score     float64 // CVSS base score, 0 where there is none
	Fixed     string  // the smallest version that cures it; empty where there is none
	State     VulnerabilityState
	Summary   string
	Published time.Time
	Exploited bool    // known to be exploited (KEV)
	EPSS      float64 // probability of exploitation within 30 days, 0 where unknown
	Source    string  // whose word it is: "Debian", "GitHub", "Go"

	Vector string    // the CVSS vector that Score is of; empty where Score is a source's own
	Listed time.Time // the day it was listed as exploited; zero where it is not or no day is known

	Upgrade *Upgrade // what cures it together with others; nil where no version does
	Excuse  *Excuse  // who says that it does no harm here; nil where nobody does
}

// An Upgrade is one step that cures vulnerabilities: those of one release of
// one piece of software.
type Upgrade struct {
	Packages []*Package // the packages of one source and version, or the copies of one
	Version  string     // the smallest to which none of them applies that any version cures
}

// An Excuse is a VEX statement by which a vulnerability does no harm.
type Excuse struct {
	Status string // as in the document: "not_affected", "fixed", "false_positive"
	Reason string // a justification, or what the author writes
	By     string // who says so
	Where  string // the place of the statement: "vex.json:12:5"
}

// A VulnerabilityState says what the maintainers do about a vulnerability.
type VulnerabilityState string

// The states.
const (
	FixAvailable VulnerabilityState = "fixed"
	Unfixed      VulnerabilityState = "unfixed"
	WontFix      VulnerabilityState = "wont-fix"
)

// A Gap is a group of packages of which nobody here can say whether they are
// vulnerable. They are not free of vulnerabilities.
type Gap struct {
	Ecosystem string // empty where they have none
	Why       string // "the advisory database has no data on them"
	Packages  []*Package
}

// A Secret is a credential found in a file of an image.
type Secret struct {
	Kind    string // "an AWS access key"
	Shown   string // at most four characters of it
	File    string // path in the image
	Line    int    // 1-based; 0 in a binary file
	Layer   int    // index in Inventory.Layers; -1 where there are none
	Deleted bool   // an upper layer hides the file; whoever has the image can still read it
	Certain bool   // its form leaves no doubt
	Package string // the package the file came with, which everybody can get: "axios 0.21.0 of npm"; empty where none is known
	Place   Place  // of a project's file: where it is written
}
