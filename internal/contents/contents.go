// Package contents looks into images: the software in them, what is known
// against it, and the secrets in every layer.
package contents

import (
	"context"
	"fmt"
	"strings"

	"bulkhead/internal/frontend/image"
	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/vuln"
)

// Look fills in what is inside i, which t holds: its inventory, its secrets,
// what else its files say, and, where db is not nil, the vulnerabilities of its
// packages. It returns what could not be told. The layers are read once,
// and not again while t remembers them.
func Look(ctx context.Context, t *oci.Tree, i *model.Image, db *vuln.DB) ([]model.Note, error) {
	return lookup{db: db}.look(ctx, t, i)
}

// A lookup is what the packages of an image are held against.
type lookup struct {
	db  *vuln.DB       // nil for nothing
	use *inventory.Use // what processes use of the files; nil where nothing runs or it is not known
}

// look looks into t.
func (l lookup) look(ctx context.Context, t *oci.Tree, i *model.Image) ([]model.Note, error) {
	w, err := oci.Visit(ctx, t, everything(t.Store()))
	if err != nil {
		return nil, err
	}
	seen := evidence(w)
	inv := inventory.Of(t, seen)
	if l.use != nil {
		inventory.MarkLoaded(seen, inv, *l.use)
	}
	i.Inventory = inv
	i.Contents = describe(w, configOf(t, i))
	notes := named(i.Name, inv.Notes)
	i.Secrets = secrets(w)
	attribute(i.Secrets, inv)
	more, err := Match(i, l.db)
	return append(notes, more...), err
}

// Match fills in the vulnerabilities of the packages in i's inventory. It
// returns which packages nothing is known of. Without a database it does nothing.
func Match(i *model.Image, db *vuln.DB) ([]model.Note, error) {
	if db == nil {
		return nil, nil
	}
	known, err := db.Match(i.Inventory.Packages)
	if err != nil {
		return nil, fmt.Errorf("look packages up: %w", err)
	}
	i.Vulnerabilities, i.Withdrawn, i.LookedUp = known.Vulnerabilities, known.Withdrawn, true
	i.Gaps = gaps(known.Gaps)
	var notes []model.Note
	for _, g := range i.Gaps {
		notes = append(notes, note(i.Name, g))
	}
	return notes, nil
}

// configOf returns the configuration of the image in t. An archive that is read
// as a stream tells it last.
func configOf(t *oci.Tree, known *model.Image) *model.ImageConfig {
	if known.Config != nil || t.Image == nil {
		return known.Config
	}
	for _, i := range image.FromConfig(t.Image.Name, t.Image.Config, image.Meta{}).Images {
		return i.Config
	}
	return nil
}

// named puts the image's name before what notes are about.
func named(image string, notes []model.Note) []model.Note {
	out := make([]model.Note, len(notes))
	for i, n := range notes {
		out[i] = n
		out[i].What = image + ": " + n.What
	}
	return out
}

// gaps says of which packages it is unknown whether they are vulnerable.
func gaps(all []vuln.Gap) []model.Gap {
	why := map[vuln.Reason]string{
		vuln.NoEcosystem: "no advisories have a name for where they come from",
		vuln.NoData:      "the advisory database has no data on them",
		vuln.NoOrder:     "their versions cannot be compared",
		vuln.NoVersion:   "they record no version",
		vuln.BadVersion:  "their versions cannot be read",
	}
	var out []model.Gap
	for _, g := range all {
		out = append(out, model.Gap{Ecosystem: g.Ecosystem, Why: why[g.Reason], Packages: g.Packages})
	}
	return out
}

// namedPackages is how many packages of a gap a note names.
const namedPackages = 5

// note says in one line what is unknown of an image.
func note(image string, g model.Gap) model.Note {
	what := fmt.Sprintf("%s: %d packages", image, len(g.Packages))
	if len(g.Packages) == 1 {
		what = image + ": package " + g.Packages[0].Name
	}
	if g.Ecosystem != "" {
		what += " of " + g.Ecosystem
	}
	if n := len(g.Packages); n > 1 {
		var names []string
		for _, p := range g.Packages[:min(n, namedPackages)] {
			names = append(names, p.Name)
		}
		what += " (" + strings.Join(names, ", ")
		if n > namedPackages {
			what += fmt.Sprintf(" and %d more", n-namedPackages)
		}
		what += ")"
	}
	return model.Note{What: what, Why: g.Why}
}
