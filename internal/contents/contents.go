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

	"bulkhead/internal/frontend/image"
	"bulkhead/internal/inventory"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/secret"
	"bulkhead/internal/vuln"
)

// Look fills in what is inside i, which t holds: its inventory, its secrets,
// what else its files say, and, where db is not nil, the vulnerabilities of its
// packages. It returns what could not be told. The layers are read once.
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
	names := newNameSet()
	w, err := oci.Visit(ctx, t, everything(names))
	if err != nil {
		return nil, err
	}
	seen := evidence(w)
	inv := inventory.Of(t, seen)
	if l.use != nil {
		inventory.MarkLoaded(seen, inv, *l.use)
	}
	i.Inventory = inv
	i.Contents = describe(w, names, configOf(t, i))
	notes := named(i.Name, inv.Notes)
	if i.Secrets, err = secrets(ctx, t, w); err != nil {
		return nil, err
	}
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
	i.Vulnerabilities = known.Vulnerabilities
	return gaps(i.Name, known.Gaps), nil
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

// A found is what the walk made of one file.
type found struct {
	software bool // evidence holds, if the file is not hidden where that matters
	evidence inventory.Evidence
	sums     []byte // what a package database says of the content of files
	secrets  []secret.Secret
	text     []byte // of the files accounts are in

	telling     bool   // that it is there says something
	interpreter string // of an executable
	script      bool
}

// everything returns the visitor for packages, for the digests of the files they
// brought, which tell what everybody has from what somebody put there, and for
// secrets in any file. It adds the names of all regular files to names.
func everything(names *nameSet) oci.Visitor[found] {
	v := inventory.Visitor()
	s := secret.NewScanner()
	return oci.Visitor[found]{
		Keep: func(f found) bool {
			return f.telling || f.software && v.Keep(f.evidence) || len(f.sums) > 0 || len(f.secrets) > 0 || len(f.text) > 0
		},
		Want: func(e *oci.Entry) oci.Want {
			if e.Mode.IsRegular() {
				names.add(e.Name)
			}
			if e.Mode.IsRegular() && e.Size > 0 {
				return oci.Always
			}
			if telling(e) {
				return oci.Visible
			}
			return v.Want(e)
		},
		Read: func(e *oci.Entry, c *oci.Content) found {
			f := found{telling: telling(e) && names.room()}
			if !e.Mode.IsRegular() {
				return f
			}
			if e.Executable() {
				f.interpreter, f.script = interpreter(c)
			}
			scan := func(c *oci.Content) {
				if r, err := s.Scan(e.Name, c); err == nil { // else the walk notes the layer
					f.secrets = r.Secrets
				}
			}
			switch {
			case v.Want(e) != oci.Skip:
				f.software = true
				c.Twice(scan, func(c *oci.Content) { f.evidence = v.Read(e, c) })
			case e.Name == passwdFile || e.Name == shadowFile:
				c.Twice(scan, func(c *oci.Content) {
					if text, err := c.ReadAll(maxAccountText); err == nil { // else its accounts are unknown
						f.text = text
					}
				})
			case sumsFile(e.Name):
				if text, err := c.ReadAll(maxSums); err == nil { // else what it lists is not known to be public
					f.sums = text
				}
			default:
				scan(c)
			}
			return f
		},
	}
}

// evidence returns what the walk found of software that is there.
func evidence(w *oci.Walk[found]) *oci.Walk[inventory.Evidence] {
	v := inventory.Visitor()
	out := &oci.Walk[inventory.Evidence]{Layers: w.Layers, Notes: w.Notes}
	for _, f := range w.Found {
		if f.Value.software && (!f.Entry.Hidden || v.Want(f.Entry) == oci.Always) {
			out.Found = append(out.Found, oci.Found[inventory.Evidence]{Entry: f.Entry, Value: f.Value.evidence})
		}
	}
	return out
}

// maxSums bounds one list of digests, in bytes. That of the Linux kernel's
// headers has two.
const maxSums = 16 << 20

// sumsFile reports whether dpkg keeps the digests of a package's files there.
func sumsFile(name string) bool {
	return strings.HasPrefix(name, "var/lib/dpkg/info/") && strings.HasSuffix(name, ".md5sums")
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
