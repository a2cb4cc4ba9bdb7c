package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"bulkhead/internal/catalog"
	"bulkhead/internal/contents"
	"bulkhead/internal/frontend/image"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/report"
	"bulkhead/internal/resolve"
	"bulkhead/internal/sbom"
	"bulkhead/internal/vex"
	"bulkhead/internal/vuln"
)

// ErrNoImage is returned by Options.OpenImage for an image that is nowhere it
// may look.
var ErrNoImage = errors.New("no such image")

// An opened is an image to be looked into.
type opened struct {
	image     *model.Image
	tree      *oci.Tree
	container *contents.Container // whose files tree is; nil of an image
}

// archive reports whether p tells what is in an image: a tar archive, an OCI
// layout or a bill of materials.
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
	return bill(p)
}

// bill reports whether p is a bill of materials.
func bill(p string) bool {
	if !strings.HasSuffix(p, ".json") {
		return false
	}
	f, err := os.Open(p)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	return (err == nil || errors.Is(err, io.ErrUnexpectedEOF)) && sbom.Is(head[:n])
}

// readBill reads the bill of materials p. All that can be judged is its
// packages.
func (r *runner) readBill(p string) (*model.Facts, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	inv, err := sbom.Read(f)
	if err != nil {
		return nil, fmt.Errorf("read bill of materials %s: %w", p, err)
	}
	i := &model.Image{Name: p, Surface: model.ImageStore, Use: model.StoredImage, Inventory: inv}
	notes, err := contents.Match(i, r.advisories())
	if err != nil {
		return nil, err
	}
	r.lookedInto(i)
	return &model.Facts{Images: []*model.Image{i}, Notes: append(inv.Notes, notes...)}, nil
}

// openArchive opens the image in an archive or layout.
func (r *runner) openArchive(ctx context.Context, p string) (*model.Facts, error) {
	if bill(p) {
		return r.readBill(p)
	}
	tree, err := oci.Open(p)
	if err != nil {
		return nil, fmt.Errorf("open image: %w", err)
	}
	if tree.Image == nil { // a compressed archive tells when it has been read
		return r.readStream(ctx, p, tree)
	}
	for _, other := range tree.Others {
		r.report.NotChecked = append(r.report.NotChecked, model.Note{What: p + ": " + other, Why: "one image of an archive is checked, the first"})
	}
	return r.opened(tree), nil
}

// readStream looks into an image that can be read only from its start to its
// end, once.
func (r *runner) readStream(ctx context.Context, p string, tree *oci.Tree) (*model.Facts, error) {
	defer func() { _ = tree.Close() }() // it was only read
	r.remember(tree)
	inside := &model.Image{Name: p}
	notes, err := contents.Look(ctx, tree, inside, r.advisories())
	if err != nil {
		return nil, fmt.Errorf("read image %s: %w", p, err)
	}
	if tree.Image == nil {
		return nil, fmt.Errorf("read image %s: it holds none", p)
	}
	facts := describe(tree.Image)
	for _, i := range facts.Images {
		i.Inventory, i.Vulnerabilities, i.Secrets, i.Contents = inside.Inventory, inside.Vulnerabilities, inside.Secrets, inside.Contents
		i.Withdrawn, i.Gaps, i.LookedUp = inside.Withdrawn, inside.Gaps, inside.LookedUp
		r.lookedInto(i)
	}
	r.countBroken(notes)
	facts.Notes = append(facts.Notes, notes...)
	return facts, nil
}

// countBroken counts what could not be read of what was asked for: a gate must
// not pass an image with a layer nobody has seen.
func (r *runner) countBroken(notes []model.Note) {
	for _, n := range notes {
		if n.Broken {
			r.report.Faults++
		}
	}
}

// describe returns the facts that an image's configuration tells.
func describe(i *oci.Image) *model.Facts {
	facts := image.FromConfig(i.Name, i.Config, image.Meta{
		ID: i.ConfigID, Tags: i.Tags, Size: i.Size, Annotations: i.Annotations, Statements: i.Statements,
	})
	facts.Notes = append(facts.Notes, i.Notes...)
	return facts
}

// openRemote opens an image the engine does not hold, where name reads like that
// of one and not like a misspelt command or file.
func (r *runner) openRemote(ctx context.Context, name string) (*model.Facts, error) {
	if r.OpenImage == nil || !strings.ContainsAny(name, ":/@") {
		return nil, nil
	}
	tree, err := r.OpenImage(ctx, name)
	switch {
	case errors.Is(err, ErrNoImage):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("open image %s: %w", name, err)
	}
	if tree.Image == nil {
		return nil, tree.Close()
	}
	return r.opened(tree), nil
}

// opened remembers tree to be looked into and returns the facts of its image.
func (r *runner) opened(tree *oci.Tree) *model.Facts {
	facts := describe(tree.Image)
	for _, i := range facts.Images {
		r.inside = append(r.inside, opened{image: i, tree: tree})
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
			if err == nil {
				r.inside = append(r.inside, opened{image: i, tree: tree})
			} else if err := r.lose("the contents of "+name, fmt.Errorf("open image %s: %w", name, err)); err != nil {
				return err
			}
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
// for that could not be checked.
func (r *runner) look(ctx context.Context, sys *model.System) {
	for _, o := range r.inside {
		notes, err := r.lookInto(ctx, o)
		if err != nil {
			r.report.Faults++
			notes = []model.Note{{What: "the contents of " + o.image.Name, Why: err.Error()}}
		}
		if i := o.image; i.Inventory != nil {
			i.Lifecycles = append(i.Lifecycles, catalog.Inside(i.Inventory, known(i), sys.Site.Now)...)
		}
		r.countBroken(notes)
		sys.Notes = append(sys.Notes, notes...)
		r.lookedInto(o.image)
	}
	r.statements = vex.Apply(r.VEX, sys.Images)
	meant := r.meant(sys)
	for _, i := range sys.Images {
		resolve.Origin(sys, i, r.known, meant)
		declare(sys, i, meant)
		hide(i)
		if (i.Use == model.StoredImage || i.Use == model.ContainerFiles) && i.Inventory != nil {
			told := told(i)
			told.Matched = r.db != nil
			r.report.Images = append(r.report.Images, told)
		}
	}
}

// told returns what the report says of an image that was looked into.
func told(i *model.Image) report.Image {
	out := report.Image{Name: i.Name, Base: i.Base}
	if i.Use == model.ContainerFiles {
		out.Name = i.Called()
	}
	if i.Config != nil {
		out.ID, out.Digests = i.Config.ID, i.Config.Digests
	}
	out.Packages, out.Layers = len(i.Inventory.Packages), len(i.Inventory.Layers)
	out.Known, out.Vulnerabilities = knownOf(i), i.Vulnerabilities
	out.From, out.Own, out.Told = i.Shares()
	return out
}

// meant returns the builds of the Dockerfile that images are said to be made
// by.
func (r *runner) meant(sys *model.System) []*model.Build {
	var out []*model.Build
	for _, b := range sys.Builds {
		if r.Dockerfile != "" && b.File != nil && b.File.Name == printed(r.Dockerfile) {
			out = append(out, b)
		}
	}
	return out
}

// lookInto looks into one image or container.
func (r *runner) lookInto(ctx context.Context, o opened) ([]model.Note, error) {
	r.remember(o.tree)
	if o.container == nil {
		return contents.Look(ctx, o.tree, o.image, r.advisories())
	}
	return contents.LookRunning(ctx, o.container, o.image, r.advisories(), r.Now)
}

// remember has what is found in the layers of tree kept.
func (r *runner) remember(tree *oci.Tree) {
	if r.kept == nil && r.Layers != nil {
		r.kept = r.Layers()
	}
	if r.kept != nil {
		tree.Remember(r.kept)
	}
}

// known returns the lifecycles that are told of already: a container's by the
// image it runs.
func known(i *model.Image) []*model.Lifecycle {
	if i.Use == model.ContainerFiles && i.Workloads[0].Image != nil {
		return i.Workloads[0].Image.Lifecycles
	}
	return i.Lifecycles
}

// lookedInto says in the report what was looked into: the digest is what a gate
// records.
func (r *runner) lookedInto(i *model.Image) {
	if i.Inventory == nil {
		return
	}
	layers := ""
	if n := len(i.Inventory.Layers); n > 0 {
		layers = " in " + report.Count(n, "layer")
	}
	name, digest := i.Name, ""
	if i.Use == model.ContainerFiles {
		name = i.Called()
	}
	if i.Config != nil {
		digest = " (" + i.Config.ID + ")"
	}
	taken := ""
	switch {
	case i.Withdrawn == 1:
		taken = ", 1 withdrawn advisory left out"
	case i.Withdrawn > 1:
		taken = fmt.Sprintf(", %d withdrawn advisories left out", i.Withdrawn)
	}
	r.report.Looked = append(r.report.Looked, name+": "+report.Count(len(i.Inventory.Packages), "package")+layers+taken+usage(i)+digest)
}

// advisories returns the database, opened when it is first asked for, or nil
// and a note that says why there is none.
func (r *runner) advisories() *vuln.DB {
	if r.Advisories == nil || r.asked {
		return r.db
	}
	r.asked = true
	db, err := r.Advisories()
	if err != nil {
		why := err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			why = "there is no advisory database"
		}
		if !errors.Is(err, fs.ErrNotExist) || r.report.FailOnExploited {
			r.report.Faults++ // a gate that cannot see must not open
		}
		r.report.NotChecked = append(r.report.NotChecked, model.Note{What: "known vulnerabilities", Why: why + "; bulkhead db update fetches advisories"})
		return nil
	}
	r.db = db
	r.dated(db.Info())
	return db
}

// dated says in the report how old the data is, and warns of what is old or
// missing.
func (r *runner) dated(info vuln.Info) {
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	age := int(info.Age(r.Now).Hours() / 24)
	r.report.Data = append(r.report.Data, fmt.Sprintf("advisories of %s (%s old)", day(info.Newest()), report.Count(age, "day")))
	if info.Age(r.Now) > vuln.OldAfter {
		r.report.Warnings = append(r.report.Warnings, fmt.Sprintf("the newest advisory is %s old; bulkhead db update fetches newer ones", report.Count(age, "day")))
	}
	switch {
	case info.KEVDate != "" || info.Exploited > 0:
		r.report.Data = append(r.report.Data, strings.TrimSpace("list of exploited vulnerabilities of "+info.KEVDate))
	case r.report.FailOnExploited:
		r.report.Faults++
		r.report.NotChecked = append(r.report.NotChecked, model.Note{
			What: "which vulnerabilities are exploited", Why: "the advisory database was built without such a list; bulkhead db update --kev URL, or db build --kev FILE, adds it",
		})
	}
	if info.EPSSDate != "" {
		r.report.Data = append(r.report.Data, "EPSS of "+info.EPSSDate)
	}
}

// closeAll closes what was opened.
func (r *runner) closeAll() {
	for _, o := range r.inside {
		_ = o.tree.Close() // it was only read
	}
	if r.db != nil {
		_ = r.db.Close()
	}
	if c, ok := r.kept.(io.Closer); ok {
		_ = c.Close() // it is tidied the next time
	}
}
