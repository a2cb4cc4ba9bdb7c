package origin

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// Base tells which image i was built on, and fills in i.Base and which layers
// are the base's. Layers has to be called before. The evidence, the best first:
// the Dockerfile, annotations, provenance, the layers of one of others, the
// history, os-release. An image without anything below it has no base.
func Base(i *model.Image, others []*model.Image) {
	if i.Inventory == nil || i.Config == nil || len(i.Inventory.Layers) == 0 || i.Base != nil {
		return
	}
	d := &detector{image: i, others: others}
	if d.dockerfile() { // FROM scratch: there is none
		return
	}
	d.annotation()
	d.provenance()
	d.layers()
	d.history()
	if i.Base = d.decide(); i.Base == nil || i.Base.Layers < 0 {
		return
	}
	likely := i.Base.Confidence != model.Certain
	for n := range i.Inventory.Layers {
		if l := &i.Inventory.Layers[n]; l.Base.State == model.Unset {
			l.Base = model.Fact[bool]{Value: n < i.Base.Layers, State: model.Set, Likely: likely}
		}
	}
}

// A claim is what one evidence says.
type claim struct {
	kind       model.EvidenceKind
	detail     string
	name       string // "" where it tells of layers alone
	digest     string
	confidence model.Confidence
	layers     int // -1 where it does not tell
	image      *model.Image
}

// A detector collects claims, the best first.
type detector struct {
	image  *model.Image
	others []*model.Image
	claims []claim
}

// decide returns what the claims come to: the first gives the name, those that
// agree with it or tell of layers alone support it.
func (d *detector) decide() *model.Base {
	if len(d.claims) == 0 {
		return nil
	}
	best := d.claims[0]
	b := &model.Base{Name: best.name, Digest: best.digest, Confidence: best.confidence, Layers: best.layers, Image: best.image}
	for _, c := range d.claims {
		same := best.image != nil && c.image == best.image || repositoryOf(c.name) == repositoryOf(b.Name)
		if c.name != "" && b.Name != "" && !same {
			continue
		}
		b.Evidence = append(b.Evidence, model.Evidence{Kind: c.kind, Detail: c.detail})
		if b.Name == "" && c.name != "" {
			b.Name, b.Confidence = c.name, c.confidence
		}
		b.Digest = cmp.Or(b.Digest, c.digest)
		if b.Layers < 0 {
			b.Layers = c.layers
		}
		if b.Image == nil && c.image != nil {
			b.Image = c.image
			b.Confidence = model.Certain // its layers are here and are the same
		}
	}
	return b
}

func repositoryOf(name string) string {
	ref, err := oci.ParseReference(name)
	if err != nil {
		return name
	}
	return ref.Familiar()
}

// dockerfile takes what FROM says, and reports whether that is scratch.
func (d *detector) dockerfile() (scratch bool) {
	if d.image.Build == nil {
		return false
	}
	layers, likely := 0, false
	var from *model.Instruction
	for _, l := range d.image.Inventory.Layers {
		if l.Base.Value {
			layers++
			from = l.Instruction
		}
		likely = likely || l.Base.Likely
	}
	if from == nil || from.Stage == nil || !from.Stage.Base.Known() {
		return layers == 0 && d.image.Build.Target != nil && root(d.image.Build.Target).Scratch
	}
	c := claim{kind: model.ByDockerfile, layers: layers, confidence: model.Certain, name: from.Stage.Base.Value.Raw}
	c.detail = fmt.Sprintf("FROM %s, %s", c.name, from.Span.Position())
	c.digest = from.Stage.Base.Value.Digest
	if likely {
		c.confidence = model.Probable
	}
	c.image = d.find(c.name, c.digest)
	d.claims = append(d.claims, c)
	return false
}

// root returns the stage s is built on in the end.
func root(s *model.Stage) *model.Stage {
	for range 1000 {
		if s.Parent == nil {
			break
		}
		s = s.Parent
	}
	return s
}

// The annotations of OCI's image-spec, annotations.md.
const (
	baseName   = "org.opencontainers.image.base.name"
	baseDigest = "org.opencontainers.image.base.digest"
)

// annotation takes what the manifest says. A label of that name is inherited by
// images that are built on this one, which it is not about, so that it is only
// likely.
func (d *detector) annotation() {
	c := claim{kind: model.ByAnnotation, layers: -1, confidence: model.Certain}
	c.name, c.digest = d.image.Annotations[baseName], d.image.Annotations[baseDigest]
	c.detail = baseName + "=" + c.name
	if c.name == "" {
		c.confidence = model.Probable
		for _, l := range d.image.Config.Labels {
			switch l.Name {
			case baseName:
				c.name = l.Value.Value
			case baseDigest:
				c.digest = l.Value.Value
			}
		}
		c.detail = "label " + baseName + "=" + c.name
	}
	if c.name == "" {
		return
	}
	if c.image = d.find(c.name, c.digest); c.image != nil {
		c.layers = len(c.image.Config.Layers)
	}
	d.claims = append(d.claims, c)
}

// provenance takes the images that the build used. Of several, it is the one
// whose layers are below this image's; where none is here, nothing tells which of
// them is the last stage's.
func (d *detector) provenance() {
	if d.image.Provenance == nil {
		return
	}
	var all []claim
	for _, m := range d.image.Provenance.Materials {
		name, ok := imageOfPURL(m.URI)
		if !ok || isTool(name) {
			continue
		}
		c := claim{kind: model.ByProvenance, detail: "built with " + name, name: name, digest: m.Digest, layers: -1, confidence: model.Probable}
		if c.image = d.find(name, m.Digest); c.image != nil {
			c.layers, c.confidence = len(c.image.Config.Layers), model.Certain
			d.claims = append(d.claims, c)
			return
		}
		all = append(all, c)
	}
	if len(all) == 1 {
		d.claims = append(d.claims, all[0])
	}
}

// imageOfPURL returns the image that a package URL of the type docker names.
func imageOfPURL(uri string) (string, bool) {
	rest, ok := strings.CutPrefix(uri, "pkg:docker/")
	if !ok {
		return "", false
	}
	rest, _, _ = strings.Cut(rest, "?")
	name, version, _ := strings.Cut(rest, "@")
	name, err := url.PathUnescape(name)
	if err != nil {
		return "", false
	}
	if version, err = url.PathUnescape(version); err != nil {
		return "", false
	}
	if version == "" || strings.HasPrefix(version, "sha256:") {
		return name, true
	}
	return name + ":" + version, true
}

// isTool reports whether an image is one that builders themselves run.
func isTool(name string) bool {
	switch repositoryOf(name) {
	case "docker/dockerfile", "docker/dockerfile-upstream", "docker/buildkit-syft-scanner", "docker/scout-sbom-indexer", "moby/buildkit":
		return true
	}
	return false
}

// layers takes the image whose layers this image's begin with, of several the
// one with the most.
func (d *detector) layers() {
	var best *model.Image
	for _, o := range d.others {
		if d.published(o) && d.below(o) && (best == nil || len(o.Config.Layers) > len(best.Config.Layers)) {
			best = o
		}
	}
	if best == nil {
		return
	}
	n := len(best.Config.Layers)
	detail := fmt.Sprintf("its first %d layers are those of %s", n, best.Name)
	if n == 1 {
		detail = "its first layer is that of " + best.Name
	}
	d.claims = append(d.claims, claim{
		kind: model.ByLayers, name: best.Name, layers: n, image: best, confidence: model.Certain, detail: detail,
	})
}

// published reports whether somebody gave o a name that is not this image's: an
// earlier build of it may share its first layers, as may a build under way.
func (d *detector) published(o *model.Image) bool {
	if o.Ref.State != model.Set || o.Ref.Value.Repository == "" {
		return false
	}
	mine := d.image.Ref.Value
	return mine.Repository != o.Ref.Value.Repository || mine.Registry != o.Ref.Value.Registry
}

// find returns the one of others that goes by a name or digest and whose layers
// are below this image's.
func (d *detector) find(name, digest string) *model.Image {
	ref, err := oci.ParseReference(name)
	if err != nil {
		return nil
	}
	for _, o := range d.others {
		if o.Config == nil || !d.below(o) {
			continue
		}
		named := slices.Contains(o.Config.Tags, ref.Tagged())
		pulled := digest != "" && slices.ContainsFunc(o.Config.Digests, func(x string) bool { return strings.HasSuffix(x, "@"+digest) })
		if named || pulled {
			return o
		}
	}
	return nil
}

// below reports whether this image begins with all layers of o, and is more:
// further layers or, where it has none, further steps.
func (d *detector) below(o *model.Image) bool {
	if o == d.image || o.Config == nil || o.Use != model.StoredImage || o.Config.ID == d.image.Config.ID {
		return false
	}
	theirs, mine := o.Config.Layers, diffIDs(d.image)
	if len(theirs) == 0 || len(theirs) > len(mine) || !slices.Equal(theirs, mine[:len(theirs)]) {
		return false
	}
	if len(theirs) < len(mine) {
		return true
	}
	a, b := o.Config.History, d.image.Config.History
	return len(a) > 0 && len(a) < len(b) && slices.EqualFunc(a, b[:len(a)], func(x, y model.History) bool { return x.CreatedBy == y.CreatedBy })
}

// diffIDs returns the digests of i's layers, bottom first.
func diffIDs(i *model.Image) []string {
	if len(i.Config.Layers) == len(i.Inventory.Layers) {
		return i.Config.Layers
	}
	out := make([]string, len(i.Inventory.Layers))
	for n, l := range i.Inventory.Layers {
		out[n] = l.DiffID
	}
	return out
}
