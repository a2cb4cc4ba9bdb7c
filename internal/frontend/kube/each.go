package kube

import (
	"iter"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// maxEach bounds what is read by Each of one file, as maxCost bounds what is
// read by Read: that of a hundred files.
const maxEach = 100 * maxCost

// Each returns the facts of the objects of f, which an API server gave out, one
// after the other, those of lists on their own, so that a file may hold more than
// Read reads at once. What one object says of another is not joined. Facts with a
// fault or a note stand for what could not be read.
func Each(f *source.File) iter.Seq[*model.Facts] {
	return func(yield func(*model.Facts) bool) {
		docs, errs := yamltext.ParseFinal(f)
		if len(errs) > 0 {
			yield(&model.Facts{Faults: yamltext.Faults(model.Kube, errs)})
			return
		}
		w := &walk{file: f, yield: yield, left: maxEach}
		for _, d := range docs {
			if !w.object(d, 0) {
				return
			}
		}
	}
}

// A walk goes through the objects of a file.
type walk struct {
	file  *source.File
	yield func(*model.Facts) bool
	left  int // of maxEach
}

// object yields o, or what it lists, and reports whether to go on.
func (w *walk) object(o yamltext.Value, depth int) bool {
	if items := o.Get("items"); strings.HasSuffix(o.Get("kind").Text(), "List") && items.Kind() == yamltext.Sequence && depth < maxNested {
		if w.left -= itemCost * items.Len(); w.left < 0 {
			return w.spent()
		}
		for _, item := range items.Items() {
			if !w.object(item, depth+1) {
				return false
			}
		}
		return true
	}
	r := newReader()
	r.left = min(r.left, w.left)
	had := r.left
	r.object(o, depth)
	w.left -= max(1, had-r.left)
	if r.left < 0 {
		return w.spent()
	}
	return w.yield(r.facts)
}

// spent says that the file holds more than is read.
func (w *walk) spent() bool {
	w.yield(&model.Facts{Notes: []model.Note{{What: w.file.Name, Why: "says more than is read of one file"}}})
	return false
}
