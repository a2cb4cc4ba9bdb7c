// Package contents looks into images: the software in them, what is known
// against it, and the secrets in every layer.
package contents

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/vuln"
)

// Look fills in what is inside image, which t holds: its inventory, its
// secrets, and, where db is not nil, the vulnerabilities of its packages. It
// returns what could not be told.
func Look(ctx context.Context, t *oci.Tree, image *model.Image, db *vuln.DB) ([]model.Note, error) {
	w, err := oci.Visit(ctx, t, software())
	if err != nil {
		return nil, err
	}
	inv := inventory.Of(t, evidence(w))
	image.Inventory = inv
	notes := named(image.Name, inv.Notes)
	secrets, more, err := secrets(ctx, t, shipped(w))
	if err != nil {
		return nil, err
	}
	image.Secrets = secrets
	notes = append(notes, named(image.Name, more)...)
	if db == nil {
		return notes, nil
	}
	known, err := db.Match(inv.Packages)
	if err != nil {
		return nil, fmt.Errorf("look packages up: %w", err)
	}
	image.Vulnerabilities = known.Vulnerabilities
	return append(notes, gaps(image.Name, known.Gaps)...), nil
}

// named puts the image's name before what notes are about.
func named(image string, notes []model.Note) []model.Note {
	out := make([]model.Note, len(notes))
	for i, n := range notes {
		out[i] = model.Note{What: image + ": " + n.What, Why: n.Why}
	}
	return out
}

// gaps says of which packages it is unknown whether they are vulnerable.
func gaps(image string, all []vuln.Gap) []model.Note {
	why := map[vuln.Reason]string{
		vuln.NoEcosystem: "no advisories have a name for where they come from",
		vuln.NoData:      "the advisory database has no data on them",
		vuln.NoOrder:     "their versions cannot be compared",
		vuln.NoVersion:   "they record no version",
		vuln.BadVersion:  "their versions cannot be read",
	}
	var out []model.Note
	for _, g := range all {
		what := fmt.Sprintf("%s: %d packages", image, len(g.Packages))
		if len(g.Packages) == 1 {
			what = image + ": package " + g.Packages[0].Name
		}
		if g.Ecosystem != "" {
			what += " of " + g.Ecosystem
		}
		out = append(out, model.Note{What: what, Why: why[g.Reason]})
	}
	return out
}

// A found is what the walk for software made of one file.
type found struct {
	evidence inventory.Evidence
	isSums   bool
	sums     []byte // what a package database says of the content of files
}

// software returns the visitor for packages and for the digests of the files
// they brought, which tell what everybody has from what somebody put there.
func software() oci.Visitor[found] {
	v := inventory.Visitor()
	return oci.Visitor[found]{
		Want: func(e *oci.Entry) oci.Want {
			if sumsFile(e.Name) {
				return max(oci.Visible, v.Want(e))
			}
			return v.Want(e)
		},
		Read: func(e *oci.Entry, c *oci.Content) found {
			if !sumsFile(e.Name) {
				return found{evidence: v.Read(e, c)}
			}
			text, err := c.ReadAll(maxSums)
			if err != nil {
				return found{isSums: true} // then what it lists is not known to be public
			}
			return found{isSums: true, sums: text}
		},
	}
}

// maxSums bounds one list of digests, in bytes. That of the Linux kernel's
// headers has two.
const maxSums = 16 << 20

// sumsFile reports whether dpkg keeps the digests of a package's files there.
func sumsFile(name string) bool {
	return strings.HasPrefix(name, "var/lib/dpkg/info/") && strings.HasSuffix(name, ".md5sums")
}

// evidence returns what the walk found of software.
func evidence(w *oci.Walk[found]) *oci.Walk[inventory.Evidence] {
	out := &oci.Walk[inventory.Evidence]{Layers: w.Layers, Notes: w.Notes}
	for _, f := range w.Found {
		if !f.Value.isSums {
			out.Found = append(out.Found, oci.Found[inventory.Evidence]{Entry: f.Entry, Value: f.Value.evidence})
		}
	}
	return out
}

// shipped returns the digests that package databases record, by path.
func shipped(w *oci.Walk[found]) map[string]digest {
	out := map[string]digest{}
	for _, f := range w.Found {
		owner, _, _ := strings.Cut(strings.TrimSuffix(path.Base(f.Entry.Name), ".md5sums"), ":")
		for line := range bytes.Lines(f.Value.sums) {
			sum, name, ok := bytes.Cut(bytes.TrimSpace(line), []byte("  "))
			var d digest
			if !ok || len(sum) != 2*len(d.md5) {
				continue
			}
			if _, err := hex.Decode(d.md5[:], sum); err == nil {
				d.owner = owner
				out[string(name)] = d
			}
		}
	}
	return out
}

// A digest is what a package database records of a file.
type digest struct {
	md5   [16]byte
	owner string
}
