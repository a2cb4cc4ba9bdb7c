package check

import (
	"slices"

	"bulkhead/internal/model"
	"bulkhead/internal/secret"
)

// declare makes what builds say of i and what i says itself one declaration:
// what both are at fault with is told once, at the line that can be changed.
func declare(sys *model.System, i *model.Image, builds []*model.Build) {
	if i.Use != model.StoredImage || i.Inventory == nil {
		return
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
