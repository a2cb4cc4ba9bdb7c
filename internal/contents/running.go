package contents

import (
	"context"
	"time"

	"bulkhead/internal/inventory"
	"bulkhead/internal/kernel"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/vuln"
)

// A Container is a container of an engine, opened to be looked into.
type Container struct {
	Tree    *oci.Tree
	Layered bool           // Tree tells what the container wrote from what its image brought
	Started time.Time      // zero where it does not run
	Loaded  *kernel.Loaded // what its processes use of its files; nil where Unknown says why not, or none runs
	Unknown string
}

// LookRunning fills in what is inside i, the files of container c: as Look, and
// which packages its processes use. now is when it is looked at.
func LookRunning(ctx context.Context, c *Container, i *model.Image, db *vuln.DB, now time.Time) ([]model.Note, error) {
	l := lookup{db: db}
	var notes []model.Note
	if !c.Layered {
		notes = append(notes, model.Note{What: i.Name + ": what it wrote itself", Why: "its layers cannot be read here, so it is not told from what its image brought"})
	}
	switch {
	case c.Loaded != nil:
		i.Running = &model.Running{Processes: c.Loaded.Processes}
		if c.Started.Before(now) && !c.Started.IsZero() {
			i.Running.For = now.Sub(c.Started)
		}
		l.use = &inventory.Use{Mapped: c.Loaded.Mapped, Open: c.Loaded.Open, Partial: c.Loaded.Unread > 0}
	case c.Unknown != "":
		notes = append(notes, model.Note{What: i.Name + ": which packages are loaded", Why: c.Unknown})
	}
	more, err := l.look(ctx, c.Tree, i)
	return append(notes, more...), err
}
