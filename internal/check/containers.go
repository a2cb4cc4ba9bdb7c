package check

import (
	"context"
	"fmt"
	"time"

	"bulkhead/internal/model"
	"bulkhead/internal/report"
)

// openContainers opens the containers that were asked for by name. Those of a
// project, or of the whole host, are judged by what the engine and the kernel
// say of them: reading the files of all would take too long unasked.
func (r *runner) openContainers(ctx context.Context, about *scope, sys *model.System) error {
	if r.OpenContainer == nil {
		return nil
	}
	for _, w := range sys.Workloads {
		if w.Surface != model.Container || !about.named(w) {
			continue
		}
		c, err := r.OpenContainer(ctx, w.Engine)
		if err != nil {
			if err := r.lose("the files of "+w.Name, fmt.Errorf("open container %s: %w", w.Name, err)); err != nil {
				return err
			}
			continue
		}
		i := &model.Image{Name: w.Name, Surface: model.Container, Use: model.ContainerFiles, Workloads: []*model.Workload{w}}
		if w.Image != nil {
			i.Config = w.Image.Config
		}
		sys.Images = append(sys.Images, i)
		r.remember(c.Tree)
		r.inside = append(r.inside, opened{image: i, tree: c.Tree, container: c})
	}
	return nil
}

// named reports whether container w was asked for by name.
func (s *scope) named(w *model.Workload) bool {
	for _, o := range s.objects {
		if names(w, o) {
			return true
		}
	}
	return false
}

// usage says how many of a running container's packages its processes use, and
// after what time that was: what a program needs once a day is loaded once a
// day.
func usage(i *model.Image) string {
	if i.Running == nil {
		return ""
	}
	loaded, unclear := 0, 0
	for _, p := range i.Inventory.Packages {
		switch p.Loaded {
		case model.Set:
			loaded++
		case model.Unknown:
			unclear++
		}
	}
	said := fmt.Sprintf(", %d loaded by %s", loaded, processes(i.Running.Processes))
	if unclear > 0 {
		said += fmt.Sprintf(" (of %d it cannot be told)", unclear)
	}
	if i.Running.For > 0 {
		said += " after " + since(i.Running.For)
	}
	return said
}

func processes(n int) string {
	if n == 1 {
		return "1 process"
	}
	return fmt.Sprintf("%d processes", n)
}

// since says how long something has run, in the largest unit that fits.
func since(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return report.Count(int(d/day), "day")
	case d >= 2*time.Hour:
		return report.Count(int(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return report.Count(int(d/time.Minute), "minute")
	}
	return report.Count(int(d/time.Second), "second")
}
