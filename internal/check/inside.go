package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"bulkhead/internal/contents"
	"bulkhead/internal/frontend/image"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/report"
	"bulkhead/internal/vuln"
)

// An opened is an image to be looked into.
type opened struct {
	image *model.Image
	tree  *oci.Tree
}

// archive reports whether p is an image: a tar archive or an OCI layout.
func archive(p string) bool {
	info, err := os.Stat(p)
	if err != nil {
		return false
	}
	if info.IsDir() {
		return oci.IsLayout(p)
	}
	if !info.Mode().IsRegular() {
		return false
	}
	for _, ext := range []string{".tar", ".tar.gz", ".tgz"} {
		if strings.HasSuffix(p, ext) {
			return true
		}
	}
	return false
}

// openArchive opens the image in an archive or layout.
func (r *runner) openArchive(ctx context.Context, p string) (*model.Facts, error) {
	tree, err := oci.Open(p)
	if err != nil {
		return nil, fmt.Errorf("open image: %w", err)
	}
	described := tree.Image
	if described == nil { // a compressed archive tells only when it has been read
		if described, err = describe(ctx, p); err != nil {
			return nil, errors.Join(err, tree.Close())
		}
	}
	for _, other := range tree.Others {
		r.report.NotChecked = append(r.report.NotChecked, model.Note{What: p + ": " + other, Why: "one image of an archive is checked, the first"})
	}
	return r.opened(tree, described), nil
}

// describe reads what describes the first image of an archive.
func describe(ctx context.Context, p string) (*oci.Image, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	images, err := oci.ReadArchive(ctx, f)
	switch {
	case err != nil:
		return nil, fmt.Errorf("open image %s: %w", p, err)
	case len(images) == 0:
		return nil, fmt.Errorf("open image %s: it holds none", p)
	}
	return images[0], nil
}

// openRemote opens an image the engine does not hold, where name reads like that
// of one and not like a misspelt command or file.
func (r *runner) openRemote(ctx context.Context, name string) (*model.Facts, error) {
	if r.OpenImage == nil || !strings.ContainsAny(name, ":/@") {
		return nil, nil
	}
	tree, err := r.OpenImage(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open image %s: %w", name, err)
	}
	if tree.Image == nil {
		return nil, tree.Close()
	}
	return r.opened(tree, tree.Image), nil
}

// opened remembers tree to be looked into and returns the facts of its image.
func (r *runner) opened(tree *oci.Tree, i *oci.Image) *model.Facts {
	facts := image.FromConfig(i.Name, i.Config, image.Meta{ID: i.ConfigID, Tags: i.Tags, Size: i.Size})
	for _, i := range facts.Images {
		r.inside = append(r.inside, opened{i, tree})
	}
	return facts
}

// openStored opens the images of the engine that were asked for by name.
func (r *runner) openStored(ctx context.Context, about *scope, sys *model.System) error {
	if r.OpenImage == nil {
		return nil
	}
	for _, name := range about.objects {
		for _, i := range sys.Images {
			if i.Use != model.StoredImage || !holds(i, name) || r.opens(i) {
				continue
			}
			tree, err := r.OpenImage(ctx, name)
			if err != nil {
				return fmt.Errorf("open image %s: %w", name, err)
			}
			r.inside = append(r.inside, opened{i, tree})
			break
		}
	}
	return nil
}

func (r *runner) opens(i *model.Image) bool {
	for _, o := range r.inside {
		if o.image == i {
			return true
		}
	}
	return false
}

// look looks into every opened image. One that cannot be read is a thing asked
// for that could not be checked; so is, where there is one, a database that is
// damaged.
func (r *runner) look(ctx context.Context, sys *model.System) {
	if len(r.inside) == 0 {
		return
	}
	db := r.advisories()
	for _, o := range r.inside {
		notes, err := contents.Look(ctx, o.tree, o.image, db)
		if err != nil {
			r.report.Faults++
			notes = []model.Note{{What: "the contents of " + o.image.Name, Why: err.Error()}}
		}
		sys.Notes = append(sys.Notes, notes...)
		inv := o.image.Inventory
		if inv == nil {
			continue
		}
		layers := ""
		if len(inv.Layers) > 0 {
			layers = " in " + report.Count(len(inv.Layers), "layer")
		}
		r.report.Looked = append(r.report.Looked, fmt.Sprintf("%s (%s): %s%s", o.image.Name, o.image.Config.ID, report.Count(len(inv.Packages), "package"), layers))
	}
	if db != nil {
		r.report.Data = append(r.report.Data, "advisories of "+db.Info().Newest().Format(time.DateOnly))
		_ = db.Close() // it was only read
	}
}

// advisories opens the database, or says why there is none.
func (r *runner) advisories() *vuln.DB {
	if r.Advisories == nil {
		return nil
	}
	db, err := r.Advisories()
	if err == nil {
		return db
	}
	if !errors.Is(err, fs.ErrNotExist) {
		r.report.Faults++
	}
	r.report.NotChecked = append(r.report.NotChecked, model.Note{What: "known vulnerabilities", Why: err.Error() + "; bulkhead db update fetches advisories"})
	return nil
}

// closeAll closes what was opened.
func (r *runner) closeAll() {
	for _, o := range r.inside {
		_ = o.tree.Close() // it was only read
	}
}
