package vex

import (
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// A product is what a statement is about: an image or a package, or something
// in it.
type product struct {
	component
	subs     []component // what of it; all of it where empty
	versions []string    // of the package; all where empty
}

// A component is an image or a package by its names: package URLs, or an
// image's name.
type component struct {
	names   []string
	digests []string // SHA-256 of an image, with or without the algorithm
}

// A Result says which statements were of no use.
type Result struct {
	Unused []*Statement // they match nothing that was found
	Bare   []*Statement // they would silence something but give no reason
}

// Apply gives the vulnerabilities of images the excuses that documents have
// for them. Of several statements about one the latest holds, and of equally
// old ones the last. Where no image was looked up, nothing is said of any
// statement.
func Apply(documents []*Document, images []*model.Image) Result {
	if len(documents) == 0 {
		return Result{}
	}
	index := map[string][]*Statement{}
	for _, d := range documents {
		for _, s := range d.Statements {
			for _, n := range s.Names {
				index[strings.ToUpper(n)] = append(index[strings.ToUpper(n)], s)
			}
		}
	}
	looked := false
	for _, i := range images {
		looked = looked || i.LookedUp || len(i.Vulnerabilities) > 0
		t := targetOf(i)
		for _, v := range i.Vulnerabilities {
			if s := latest(index, t, v); s != nil && s.silences() {
				v.Excuse = &model.Excuse{Status: s.Status, Reason: s.reason(), By: s.By, Where: s.Span.Position().String()}
			}
		}
	}
	if !looked {
		return Result{}
	}
	var out Result
	for _, d := range documents {
		for _, s := range d.Statements {
			switch {
			case !s.used:
				out.Unused = append(out.Unused, s)
			case s.bare():
				out.Bare = append(out.Bare, s)
			}
		}
	}
	return out
}

// latest returns the statement that holds for v, or nil.
func latest(index map[string][]*Statement, t target, v *model.Vulnerability) *Statement {
	var best *Statement
	for _, name := range append([]string{v.ID}, v.Aliases...) {
		for _, s := range index[strings.ToUpper(name)] {
			if !s.about(t, v.Package) {
				continue
			}
			s.used = true
			if best == nil || !s.Time.Before(best.Time) {
				best = s
			}
		}
	}
	return best
}

// about reports whether s is about package p of an image.
func (s *Statement) about(t target, p *model.Package) bool {
	return slices.ContainsFunc(s.products, func(x product) bool {
		if len(x.versions) > 0 && !slices.Contains(x.versions, p.Version) {
			return false
		}
		inside := func() bool {
			return slices.ContainsFunc(x.subs, func(c component) bool { return c.isPackage(p) })
		}
		switch {
		case len(x.subs) == 0:
			return x.isPackage(p) || x.isImage(t)
		case x.isImage(t):
			return inside()
		}
		return inside() && slices.ContainsFunc(t.image.Inventory.Packages, x.isPackage)
	})
}

// isPackage reports whether one of c's names is a package URL of p. What the
// URL does not say, such as the version, may be anything.
func (c component) isPackage(p *model.Package) bool {
	return slices.ContainsFunc(c.names, func(name string) bool {
		u, ok := inventory.ParseURL(name)
		return ok && matches(u, p)
	})
}

func matches(u inventory.URL, p *model.Package) bool {
	own, ok := inventory.ParseURL(p.PURL)
	if !ok || own.Kind != u.Kind || !strings.EqualFold(own.Namespace, u.Namespace) {
		return false
	}
	if !sameName(u.Name, own.Name) && (p.Source == "" || !sameName(u.Name, p.Source)) {
		return false
	}
	versions := []string{own.Version, p.Version, p.SourceVersion}
	if u.Version != "" && !slices.ContainsFunc(versions, func(v string) bool { return v != "" && plainVersion(v) == plainVersion(u.Version) }) {
		return false
	}
	for key, want := range u.Qualifiers {
		got, ok := own.Qualifiers[key]
		switch {
		case !ok, key == "arch" && want == "source", key == "epoch":
		case key == "distro":
			if !sameRelease(got, want) {
				return false
			}
		case got != want:
			return false
		}
	}
	return true
}

// sameName compares as the ecosystems that are careless about names do.
func sameName(a, b string) bool {
	plain := strings.NewReplacer("_", "-", ".", "-")
	return strings.EqualFold(plain.Replace(a), plain.Replace(b))
}

// plainVersion is a version without the letter that Go puts before it.
func plainVersion(v string) string { return strings.TrimPrefix(v, "v") }

// sameRelease compares "debian-12" with "debian-12.5": either may say more.
func sameRelease(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".")
}

// A target is an image with all its names.
type target struct {
	image   *model.Image
	refs    []model.Reference
	names   []string
	digests []string // without the algorithm
}

func targetOf(i *model.Image) target {
	t := target{image: i, names: []string{i.Name}}
	if i.Inventory == nil {
		with := *i // what is in it is not known; its vulnerabilities are
		with.Inventory = &model.Inventory{}
		t.image = &with
	}
	if i.Config != nil {
		t.names = append(t.names, i.Config.Tags...)
		t.names = append(t.names, i.Config.Digests...)
		t.digests = append(t.digests, model.HexID(i.Config.ID))
	}
	for _, n := range t.names {
		ref, err := oci.ParseReference(n)
		if err != nil {
			continue
		}
		t.refs = append(t.refs, ref)
		if ref.Digest != "" {
			t.digests = append(t.digests, model.HexID(ref.Digest))
		}
	}
	t.digests = slices.DeleteFunc(t.digests, func(d string) bool { return d == "" })
	return t
}

// isImage reports whether one of c's names or digests is the image's.
func (c component) isImage(t target) bool {
	if slices.ContainsFunc(c.digests, func(d string) bool { return slices.Contains(t.digests, model.HexID(d)) }) {
		return true
	}
	return slices.ContainsFunc(c.names, t.isNamed)
}

// isNamed reports whether name is the image's: a digest, a reference or a
// package URL of the types oci and docker. A digest has to be that of the
// image, whatever the name beside it is.
func (t target) isNamed(name string) bool {
	if u, ok := inventory.ParseURL(name); ok {
		return (u.Kind == "oci" || u.Kind == "docker") && t.isURL(u)
	}
	if slices.Contains(t.names, name) {
		return true
	}
	if hex, ok := strings.CutPrefix(name, "sha256:"); ok {
		return slices.Contains(t.digests, hex)
	}
	ref, err := oci.ParseReference(name)
	if err != nil {
		return false
	}
	if ref.Digest != "" {
		return slices.Contains(t.digests, model.HexID(ref.Digest))
	}
	return slices.ContainsFunc(t.refs, func(own model.Reference) bool {
		return own.Familiar() == ref.Familiar() && (ref.Tag == "" || own.Tagged() == ref.Tagged())
	})
}

// isURL compares a package URL: purl-spec, PURL-TYPES.rst, "docker" and "oci".
func (t target) isURL(u inventory.URL) bool {
	version, tag := u.Version, u.Qualifiers["tag"]
	if hex, ok := strings.CutPrefix(version, "sha256:"); ok {
		return slices.Contains(t.digests, hex)
	}
	if u.Kind == "docker" && tag == "" {
		tag = version
	}
	name := u.Name
	if u.Namespace != "" {
		name = u.Namespace + "/" + name
	}
	if at := u.Qualifiers["repository_url"]; at != "" {
		name = at
		if u.Kind == "docker" {
			name = fmt.Sprintf("%s/%s/%s", at, u.Namespace, u.Name)
		}
	}
	want, err := oci.ParseReference(name)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(t.refs, func(own model.Reference) bool {
		same := own.Familiar() == want.Familiar()
		if u.Kind == "oci" && u.Qualifiers["repository_url"] == "" { // the name alone, without where it is kept
			same = own.Repository != "" && strings.EqualFold(lastPart(own.Repository), u.Name)
		}
		return same && (tag == "" || own.Tagged() == own.Familiar()+":"+tag)
	})
}

// lastPart returns what follows the last slash.
func lastPart(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// ids returns the names of a vulnerability, once each;
// an address is taken for its last part.
func ids(names []string) []string {
	var out []string
	for _, n := range names {
		if strings.Contains(n, "://") {
			n = lastPart(strings.TrimRight(n, "/"))
		}
		if n = strings.TrimSpace(n); n != "" && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}
