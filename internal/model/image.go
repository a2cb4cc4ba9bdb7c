package model

import (
	"strings"
	"time"
)

// An Image is one use of one image: the base of a build stage, what a workload
// runs, or what an engine, archive or registry holds.
type Image struct {
	Name      string // as printed
	Surface   Surface
	Ref       Fact[Reference] // as written where it is used
	Use       ImageUse
	Stage     *Stage      // whose base it is, for BaseImage
	Workloads []*Workload // who runs it, for RunImage
	Built     bool        // the tag names the result of a build beside it, so it is not pulled
	Build     *Build      // what made it, as far as its history tells; see Layer.Written
	Root      *Image      // the base image that the Dockerfile it was made by names; nil where that is not known
	ID        string      // what a container runs, whatever Ref has come to name since; "" where only Ref tells

	// Config is the image's own word: from an engine, an archive, a layout or a
	// registry, or from the Dockerfile it is built from. Nil where neither is here.
	Config *ImageConfig

	// Stored is what the engine holds under Ref; nil where it is not here.
	Stored *Image

	Annotations map[string]string // of its manifest
	Provenance  *Provenance       // nil where none is attested
	Base        *Base             // nil where nothing tells of one, or it was not looked into

	Inventory       *Inventory       // what is in it; nil where that was not looked at
	Vulnerabilities []*Vulnerability // of Inventory's packages, worst first
	Withdrawn       int              // advisories that would apply had their authors not taken them back
	Gaps            []Gap            // packages that could not be looked up
	LookedUp        bool             // there was a database to look the packages up in
	Secrets         []Secret         // in files of any layer
	Contents        *Contents        // what else its files say; nil where they were not looked at

	Running *Running // of the files of a running container; nil elsewhere

	Lifecycles []*Lifecycle // of its product and of its distribution; none where neither is in the table
}

// An ImageUse says what an image is used for.
type ImageUse string

// The uses of an image.
const (
	BaseImage   ImageUse = "base"   // FROM, or COPY --from an image
	RunImage    ImageUse = "run"    // what a workload runs
	StoredImage ImageUse = "stored" // held by an engine, an archive, a layout or a registry

	// ContainerFiles is not an image but what a container has made of one: the
	// image's files with those the container wrote above them.
	ContainerFiles ImageUse = "container"

	// ProjectFiles is not an image either but a file of a project, whose
	// packages and secrets are judged alike.
	ProjectFiles ImageUse = "file"
)

// Called returns what places call i: "image nginx:1.27", "container web".
func (i *Image) Called() string {
	switch i.Use {
	case ContainerFiles:
		return "container " + i.Name
	case ProjectFiles:
		return i.Name
	}
	return "image " + i.Name
}

// A Running says how a container ran when it was looked into.
type Running struct {
	For       time.Duration // since it was started; 0 where that is not known
	Processes int
}

// A Reference names an image, as in the OCI distribution specification and
// Docker's short forms.
type Reference struct {
	Raw        string // as written, variables resolved
	Registry   string // "docker.io" where none is written
	Repository string // "library/nginx"
	Tag        string // "" where none is written: the engine takes latest
	Digest     string // "sha256:…", "" where none is written
}

// Familiar returns the reference's name as Docker prints it: "nginx",
// "ghcr.io/acme/shop".
func (r Reference) Familiar() string {
	const official = "library/"
	switch {
	case r.Repository == "":
		return r.Raw
	case r.Registry != "docker.io":
		return r.Registry + "/" + r.Repository
	case len(r.Repository) > len(official) && r.Repository[:len(official)] == official:
		return r.Repository[len(official):]
	}
	return r.Repository
}

// Tagged returns the familiar name with the tag the engine takes.
func (r Reference) Tagged() string {
	if r.Tag == "" {
		return r.Familiar() + ":latest"
	}
	return r.Familiar() + ":" + r.Tag
}

// HexID returns an image's id without its algorithm, which Podman leaves out.
func HexID(id string) string { return strings.TrimPrefix(id, "sha256:") }

// An ImageConfig is the part of the OCI image configuration that the checks
// need. Every fact of an image that is not from a Dockerfile has a Path only.
type ImageConfig struct {
	ID         string    // digest of the configuration
	Digests    []string  // repository digests
	Tags       []string  // in Docker's short form, whatever the engine: "nginx:1.27"
	Created    time.Time // zero where it is not recorded
	OS, Arch   string
	Size       int64 // bytes, 0 where it is not known
	User       Fact[User]
	Env        []Variable
	Entrypoint Fact[Argv]
	Command    Fact[Argv]
	WorkingDir Fact[string]
	Exposed    []Port
	Volumes    []Fact[string]
	Labels     []Label
	Health     Fact[Health]
	StopSignal string
	OnBuild    []string
	History    []History       // oldest first
	Layers     []string        // diff IDs, bottom first
	Passwd     map[string]User // users of /etc/passwd by name; nil where it was not read
}

// A History is one step of how an image was made.
type History struct {
	Created   time.Time
	CreatedBy string // as recorded: "/bin/sh -c apt-get …", "|1 TOKEN=x /bin/sh -c …", "RUN … # buildkit"
	Comment   string
	Empty     bool // the step made no layer
	Place     Place
}

// A Lifecycle says until when a release of a product is supported.
type Lifecycle struct {
	Product string    // "Node.js"
	Cycle   string    // "16"
	End     time.Time // end of support; zero where no date is set
	Ended   bool      // without a date: known to be over

	// Extended is the end of the extended support; zero where there is none.
	// Free says that everybody gets it, as with Debian LTS, and not only
	// who pays for it.
	Extended time.Time
	Free     bool

	Latest string    // newest supported cycle, "" where unknown
	AsOf   time.Time // date of the table

	// File is the file of the image that tells of the product; empty where
	// the reference or the configuration does. Compiled says that the product
	// is part of a program, which has to be built anew.
	File     string
	Compiled bool
}
