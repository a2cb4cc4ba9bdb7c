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

// An Identity is what an object of a file says it is.
type Identity struct {
	Version string      // "apps/v1"; "" where it does not say
	Kind    string      // "Deployment"; "" where it does not say
	Read    bool        // facts are read of objects of its kind
	Place   source.Span // where it is
}

// Is reports whether o says what it is: what does not is no Kubernetes object.
func (o Identity) Is() bool { return o.Read || o.Version != "" && o.Kind != "" }

// Each returns the objects of f, which an API server gave out, with their facts, one
// after the other, a list before what it lists, so that a file may hold more than
// Read reads at once. What one object says of another is not joined. Facts with a
// fault or a note stand for what could not be read. Empty documents are left out.
func Each(f *source.File) iter.Seq2[Identity, *model.Facts] {
	return func(yield func(Identity, *model.Facts) bool) {
		docs, errs := yamltext.ParseFinal(f)
		if len(errs) > 0 {
			yield(Identity{}, &model.Facts{Faults: yamltext.Faults(model.Kube, errs)})
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
	yield func(Identity, *model.Facts) bool
	left  int // of maxEach
}

// object yields o, or what it lists, and reports whether to go on.
func (w *walk) object(o yamltext.Value, depth int) bool {
	if items := o.Get("items"); strings.HasSuffix(o.Get("kind").Text(), "List") && items.Kind() == yamltext.Sequence && depth < maxNested {
		if w.left -= itemCost * items.Len(); w.left < 0 {
			return w.spent()
		}
		if !w.yield(identity(o, true), &model.Facts{}) {
			return false
		}
		for _, item := range items.Items() {
			if !w.object(item, depth+1) {
				return false
			}
		}
		return true
	}
	if o.Kind() == yamltext.Null {
		return true
	}
	r := newReader()
	r.left = min(r.left, w.left)
	had := r.left
	read := r.object(o, depth)
	w.left -= max(1, had-r.left)
	if r.left < 0 {
		return w.spent()
	}
	return w.yield(identity(o, read), r.facts)
}

func identity(o yamltext.Value, read bool) Identity {
	return Identity{Version: o.Get("apiVersion").Text(), Kind: o.Get("kind").Text(), Read: read, Place: o.Span()}
}

// spent says that the file holds more than is read.
func (w *walk) spent() bool {
	w.yield(Identity{}, &model.Facts{Notes: []model.Note{{What: w.file.Name, Why: "says more than is read of one file"}}})
	return false
}
