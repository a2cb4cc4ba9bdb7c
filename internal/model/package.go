package model

import "time"

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
}

// A VulnerabilityState says what the maintainers do about a vulnerability.
type VulnerabilityState string

// The states.
const (
	FixAvailable VulnerabilityState = "fixed"
	Unfixed      VulnerabilityState = "unfixed"
	WontFix      VulnerabilityState = "wont-fix"
	NotAffected  VulnerabilityState = "not-affected" // by a VEX statement
)

// A Secret is a credential found in a file of an image.
type Secret struct {
	Kind    string // "an AWS access key"
	Shown   string // at most four characters of it
	File    string // path in the image
	Line    int    // 1-based; 0 in a binary file
	Layer   int    // index in Inventory.Layers; -1 where there are none
	Deleted bool   // an upper layer hides the file; whoever has the image can still read it
	Certain bool   // its form leaves no doubt
	Place   Place  // of a project's file: where it is written
}
