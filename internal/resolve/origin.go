package resolve

import (
	"slices"

	"bulkhead/internal/model"
	"bulkhead/internal/origin"
)

// Origin tells where i comes from: its base, which may be one of images, and of
// its layers which instruction of which Dockerfile of sys made each: one in
// meant, one that a workload is built from whose result i is or is named like,
// or one that made every step i has. It does nothing before i was looked into.
func Origin(sys *model.System, i *model.Image, images []*model.Image, meant []*model.Build) {
	if i.Inventory == nil {
		return
	}
	related := slices.Clone(meant)
	for _, w := range sys.Workloads {
		b := w.Build
		if b == nil && w.Declared != nil {
			b = w.Declared.Build
		}
		if b != nil && !slices.Contains(related, b) && runs(w, i) {
			related = append(related, b)
		}
	}
	origin.Layers(i, related, sys.Builds)
	origin.Base(i, images)
}

// runs reports whether w runs i, by its id or by the name it gives to what it
// builds.
func runs(w *model.Workload, i *model.Image) bool {
	if w.Image == nil || i.Config == nil {
		return false
	}
	if w.Image == i || w.Image.Stored == i {
		return true
	}
	ref := w.Image.Ref
	return ref.Known() && ref.Value.Repository != "" && slices.Contains(i.Config.Tags, ref.Value.Tagged())
}
