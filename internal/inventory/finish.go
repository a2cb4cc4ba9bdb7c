package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// maxPackages bounds an inventory. Packages are counted in every layer that lists
// them, so images with many layers need room.
const maxPackages = 50_000

// maxNotes bounds how many files are named that could not be read.
const maxNotes = 100

// Of returns the inventory of what Visitor found in t.
func Of(t *oci.Tree, w *oci.Walk[Evidence]) *model.Inventory {
	c := &collector{inv: &model.Inventory{Layers: w.Layers}, image: len(w.Layers) > 0}
	c.inv.Notes = append(c.inv.Notes, w.Notes...)
	for _, name := range t.Others {
		c.inv.Notes = append(c.inv.Notes, model.Note{What: name, Why: "not read: only the first image of an archive is"})
	}
	var total budget
	for i := range w.Found {
		f := &w.Found[i]
		total.take(&f.Value)
		for _, p := range f.Value.packages {
			p.Layer = f.Entry.Layer
		}
	}
	c.release(w.Found)
	c.databases(w.Found)
	for _, f := range w.Found {
		c.take(f)
	}
	if c.unread > maxNotes {
		c.inv.Notes = append(c.inv.Notes, model.Note{What: "packages", Why: fmt.Sprintf("%d more files could not be read", c.unread-maxNotes)})
	}
	c.dropLocks()
	c.noteMissing()
	c.own()
	c.inv.Packages = merged(c.items)
	return c.inv
}

// A collector makes an inventory of evidence.
type collector struct {
	inv       *model.Inventory
	image     bool // it has layers
	items     []located
	owned     []owned
	database  bool            // there is one of a distribution
	installed map[string]bool // ecosystems of which something is installed, not only locked
	unread    int             // files that could not be read
}

// A located is an item and who says so.
type located struct {
	*item
	by *parser
}

// release finds out which distribution it is. Of the two places /etc goes
// first: os-release(5).
func (c *collector) release(all []oci.Found[Evidence]) {
	for _, f := range all {
		if r := f.Value.release; r != nil && !f.Entry.Hidden && (c.inv.OS.ID == "" || strings.HasPrefix(f.Entry.Name, "etc/")) {
			c.inv.OS = *r
		}
	}
}

// databases takes the packages of the distribution. A database is in every layer
// that changes it, whole; a package came with the lowest layer from which on all
// of them have it.
func (c *collector) databases(all []oci.Found[Evidence]) {
	since := map[string]map[string]int{} // file, package, layer
	for _, f := range all {
		if !f.Value.parser.database {
			continue
		}
		before, seen := since[f.Entry.Name], map[string]int{}
		for _, i := range f.Value.packages {
			key := i.Name + "\x00" + i.Version + "\x00" + i.arch
			layer, ok := before[key]
			if !ok || f.Value.err != nil {
				layer = f.Entry.Layer
			}
			seen[key] = layer
			i.Layer = layer
		}
		since[f.Entry.Name] = seen
		if !f.Entry.Hidden {
			c.database = c.database || len(f.Value.packages) > 0
			c.add(f.Value)
		}
		if f.Value.err != nil && !f.Entry.Hidden {
			c.failed(f)
		}
	}
}

// take takes the evidence of any other file.
func (c *collector) take(f oci.Found[Evidence]) {
	if f.Value.parser.database || f.Entry.Hidden {
		return
	}
	c.add(f.Value)
	switch f.Value.parser {
	case dpkgStatusD, chisel:
		c.database = c.database || len(f.Value.packages) > 0
	}
	if f.Value.err != nil {
		c.failed(f)
	}
}

// failed notes a file that could not be read.
func (c *collector) failed(f oci.Found[Evidence]) {
	if c.unread++; c.unread <= maxNotes {
		c.inv.Notes = append(c.inv.Notes, note(f.Entry.Name, f.Value.err))
	}
}

func (c *collector) add(e Evidence) {
	c.owned = append(c.owned, e.owned...)
	for _, i := range e.packages {
		if i.kind != "" {
			c.distribution(i)
		} else if !e.parser.lock {
			if c.installed == nil {
				c.installed = map[string]bool{}
			}
			c.installed[i.Ecosystem] = true
		}
		c.items = append(c.items, located{i, e.parser})
	}
}

// distribution completes a package of the distribution.
func (c *collector) distribution(i *item) {
	i.Ecosystem = EcosystemOf(c.inv.OS)
	if i.Source == i.Name {
		i.Source = ""
	}
	if i.SourceVersion == i.Version {
		i.SourceVersion = ""
	}
	p := purl{kind: i.kind, namespace: vendor(i.kind, c.inv.OS.ID), name: i.Name, version: i.Version}
	p.qualifiers = [][2]string{{"arch", i.arch}, {"epoch", i.epoch}}
	if i.epoch != "" {
		p.version = strings.TrimPrefix(i.Version, i.epoch+":")
	}
	if c.inv.OS.ID != "" {
		distro := c.inv.OS.ID
		if v := c.inv.OS.VersionID; v != "" {
			distro += "-" + v
		}
		p.qualifiers = append(p.qualifiers, [2]string{"distro", distro})
	}
	i.PURL = p.String()
}

// vendor returns the namespace of a distribution's package URLs.
func vendor(kind, id string) string {
	switch {
	case id == "rhel":
		return "redhat"
	case strings.HasPrefix(id, "opensuse"):
		return "opensuse"
	case id != "":
		return strings.ToLower(id)
	case kind == "deb":
		return "debian"
	case kind == "apk":
		return "alpine"
	}
	return ""
}

// dropLocks leaves out what lock files in an image name where packages of the
// same manager are installed: those are the better evidence, without what only
// the build needed.
func (c *collector) dropLocks() {
	if !c.image {
		return
	}
	c.items = slices.DeleteFunc(c.items, func(i located) bool { return i.by.lock && c.installed[i.by.system] })
}

// noteMissing says loudly that an image has no list of its packages.
func (c *collector) noteMissing() {
	if c.database || !c.image {
		return
	}
	what := "no package database found: what the distribution installed is not known, and no finding is not no risk"
	if len(c.items) == 0 {
		what = "no package database and no other software found that says what it is: no finding is not no risk"
	}
	c.inv.Notes = append(c.inv.Notes, model.Note{What: "packages", Why: what, Remark: true})
}

// own sets the owner of the packages whose files a distribution's package has,
// and leaves out what was recognised in such a file by its version only.
func (c *collector) own() {
	paths := map[string]bool{}
	for _, i := range c.items {
		if i.kind == "" {
			for _, l := range i.Locations {
				paths[inside(l)] = true
			}
		}
	}
	by := owners(c.owned, paths)
	for _, i := range c.items {
		if i.kind == "" {
			i.Owner = by[inside(i.Locations[0])]
		}
	}
	c.items = slices.DeleteFunc(c.items, func(i located) bool {
		return i.Owner != "" && i.Ecosystem == "" && strings.HasPrefix(i.PURL, "pkg:generic/")
	})
}

// maxLocations bounds the places a package is reported with.
const maxLocations = 100

// merged returns the packages in a stable order, each of one layer and owner
// once with all its locations.
func merged(items []located) []*model.Package {
	type key struct {
		purl, ecosystem, name, version, owner string
		layer                                 int
	}
	seen := map[key]*model.Package{}
	var out []*model.Package
	for _, i := range items {
		k := key{i.PURL, i.Ecosystem, i.Name, i.Version, i.Owner, i.Layer}
		p := seen[k]
		if p == nil {
			seen[k] = i.Package
			out = append(out, i.Package)
			continue
		}
		p.Dev = p.Dev && i.Dev
		if p.License == "" {
			p.License = i.License
		}
		p.Locations = append(p.Locations, i.Locations...)
	}
	for _, p := range out {
		slices.Sort(p.Locations)
		p.Locations = slices.Compact(p.Locations)
		p.Locations = p.Locations[:min(len(p.Locations), maxLocations)]
	}
	slices.SortFunc(out, func(a, b *model.Package) int {
		return cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(a.Ecosystem, b.Ecosystem), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Version, b.Version), cmp.Compare(a.PURL, b.PURL), cmp.Compare(a.Owner, b.Owner), slices.Compare(a.Locations, b.Locations))
	})
	return out
}
