package check

import (
	"slices"

	"bulkhead/internal/model"
	"bulkhead/internal/secret"
)

// declare makes what the Dockerfile of i says of it and what i says itself one
// declaration: what both are at fault with is told once, at the line that can be
// changed. Builds are those that i is said to be made by.
func declare(sys *model.System, i *model.Image, builds []*model.Build) {
	if i.Use != model.StoredImage || i.Inventory == nil {
		return
	}
	if len(builds) == 0 && traced(i.Inventory.Layers) {
		builds = []*model.Build{i.Build}
	}
	for _, b := range builds {
		i.Root = rootOf(b)
	}
	for _, w := range sys.Workloads {
		if w.Surface != model.ImageStore || w.Image != i || w.Declared != nil {
			continue
		}
		at := slices.IndexFunc(sys.Workloads, func(d *model.Workload) bool {
			return d.Surface == model.Dockerfile && d.Build != nil && slices.Contains(builds, d.Build)
		})
		if at >= 0 {
			w.Declared = sys.Workloads[at]
		}
	}
}

// traced reports whether the history of layers tells beyond doubt which Dockerfile
// made them.
func traced(layers []model.Layer) bool {
	return slices.ContainsFunc(layers, func(l model.Layer) bool { return l.Written.Span.IsValid() && !l.Written.Likely })
}

// rootOf returns the base image of b's target, or nil where it is none.
func rootOf(b *model.Build) *model.Image {
	if b == nil {
		return nil
	}
	s := b.Target
	for s != nil && s.Parent != nil {
		s = s.Parent
	}
	if s == nil {
		return nil
	}
	return s.Image
}

// hide cuts the credentials in the steps of i's history, which every report
// prints. It is for images whose layers are laid beside a Dockerfile already.
func hide(i *model.Image) {
	if i.Inventory == nil {
		return
	}
	for n := range i.Inventory.Layers {
		l := &i.Inventory.Layers[n]
		l.History = secret.Hide(l.History)
	}
}
