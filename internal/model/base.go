package model

// A Base is the image that another was built on, as far as it can be told.
type Base struct {
	Name       string // "debian:12"; empty where only its layers are known
	Digest     string // of its manifest; empty where it is not known
	Confidence Confidence
	Evidence   []Evidence // the best first
	Layers     int        // how many layers of the image are its, from the bottom; -1 where that is not known
	Image      *Image     // the base itself; nil where it is not here
}

// Confidence says how sure something is that was concluded.
type Confidence string

// The confidences.
const (
	Certain  Confidence = "certain"
	Probable Confidence = "likely"
	Guess    Confidence = "guess"
)

// An Evidence is one thing that tells of a base.
type Evidence struct {
	Kind   EvidenceKind
	Detail string // "FROM debian:12"
}

// An EvidenceKind says what tells of a base.
type EvidenceKind string

// The kinds of evidence, the best first.
const (
	ByDockerfile EvidenceKind = "Dockerfile"
	ByAnnotation EvidenceKind = "annotation"
	ByProvenance EvidenceKind = "provenance"
	ByLayers     EvidenceKind = "layers"
	ByHistory    EvidenceKind = "history"
	ByOSRelease  EvidenceKind = "os-release"
)

// A Provenance is what a builder attested of how it made an image: SLSA
// provenance as BuildKit writes it.
type Provenance struct {
	Args      []Argument // build arguments, as given
	Materials []Material // what went in
}

// An Argument is a name with its value.
type Argument struct{ Name, Value string }

// A Material is something a build used.
type Material struct {
	URI    string // "pkg:docker/debian@12?platform=linux%2Famd64"
	Digest string // "sha256:…", empty where it is not recorded
}

// A Share is what a part of an image's layers holds.
type Share struct {
	Layers          int
	Size            int64 // bytes of the layers, not compressed
	Packages        int
	Vulnerabilities int // known and not excluded, with or without a cure
	Fixable         int // of Vulnerabilities, those that a newer version cures
	Secrets         int
}

// Shares returns what of i came with its base and what was added to it. ok is
// false where that is not known.
func (i *Image) Shares() (base, own Share, ok bool) {
	if i.Base == nil || i.Base.Layers < 0 || i.Inventory == nil || len(i.Inventory.Layers) == 0 {
		return base, own, false
	}
	of := func(layer int) *Share {
		if layer >= 0 && layer < i.Base.Layers {
			return &base
		}
		return &own
	}
	for n, l := range i.Inventory.Layers {
		s := of(n)
		s.Layers++
		s.Size += l.Size
	}
	for _, p := range i.Inventory.Packages {
		of(p.Layer).Packages++
	}
	for _, v := range i.Vulnerabilities {
		if v.Excuse != nil || v.Package == nil {
			continue
		}
		s := of(v.Package.Layer)
		s.Vulnerabilities++
		if v.State == FixAvailable {
			s.Fixable++
		}
	}
	for _, x := range i.Secrets {
		of(x.Layer).Secrets++
	}
	return base, own, true
}
