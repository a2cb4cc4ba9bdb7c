package contents

import (
	"cmp"
	"slices"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// large is the size, in bytes, from which a file is worth counting when later
// layers hide it.
const large = 64 << 10

// wasted adds up, by layer, the files that later layers delete or replace.
func wasted(w *oci.Walk[found]) []model.Waste {
	byLayer := map[int]*model.Waste{}
	most := map[int]int64{}
	for _, f := range w.Found {
		e := f.Entry
		if !e.Hidden || !e.Mode.IsRegular() || e.Size < large || e.Target != "" {
			continue
		}
		if _, cache := cacheOf(e.Name); cache != "" {
			continue
		}
		x := byLayer[e.Layer]
		if x == nil {
			x = &model.Waste{Layer: e.Layer}
			byLayer[e.Layer] = x
		}
		x.Size += e.Size
		x.Files++
		if e.Size > most[e.Layer] {
			most[e.Layer], x.Largest = e.Size, clean(e.Name)
		}
	}
	var out []model.Waste
	for _, x := range byLayer {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b model.Waste) int { return cmp.Compare(a.Layer, b.Layer) })
	return out
}
