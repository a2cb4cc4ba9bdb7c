package oci

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"bulkhead/internal/model"
)

// maxNames bounds the names of all layers together: 40 MB of memory.
const maxNames = 2_000_000

// A Want says what a visitor wants of an entry.
type Want uint8

// What a visitor may want.
const (
	Skip    Want = iota // nothing
	Visible             // its content, unless an upper layer replaces or deletes it
	Always              // its content in any case, for what can be taken out of the image though it was deleted
)

// A Visitor looks at the files of an image. Its functions are called from
// several goroutines at once, and may keep neither the entry Want gets nor the
// content Read gets.
type Visitor[T any] struct {
	Want func(e *Entry) Want
	Read func(e *Entry, c *Content) T // c is empty but for regular files
	Keep func(value T) bool           // whether value is worth its memory; nil keeps all
}

// A Found is what a visitor made of a file.
type Found[T any] struct {
	Entry *Entry
	Value T

	always bool
}

// A Walk is what came of a walk.
type Walk[T any] struct {
	Found  []Found[T]    // of the bottom layer first, in the order of the layer
	Layers []model.Layer // bottom first; none for a folder
	Notes  []model.Note  // layers that could not be read to their end
}

// Visit walks over the files of an image in one pass: layers from the top down,
// so that what an upper layer hides is not read. A layer that is damaged costs
// only what comes after the damage; it is noted. Nothing is written to disk.
func Visit[T any](ctx context.Context, t *Tree, v Visitor[T]) (*Walk[T], error) {
	w := &walk[T]{ctx: ctx, visitor: v, tree: t}
	if t.stream != nil {
		if err := w.readStream(); err != nil {
			return nil, err
		}
	} else {
		w.passes = make([]*pass[T], len(t.layers))
		w.next = len(t.layers) - 1
		w.readLayers()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return w.result(), nil
}

// A walk is a visit under way.
type walk[T any] struct {
	ctx     context.Context
	visitor Visitor[T]
	tree    *Tree
	hold    sync.Mutex

	mu     sync.RWMutex
	passes []*pass[T] // by layer
	upper  nameSet    // the names of the layers above next
	next   int        // the uppermost layer that is not settled
	full   bool       // upper has no room
	lost   []map[string]Entry
	names  int // of all layers of a stream, which are kept until its end
}

// readLayers reads all layers: compressed ones several at once, because
// inflating is what takes the time, others one after the other, because then
// hidden files are not even looked at.
func (w *walk[T]) readLayers() {
	workers := 1
	if w.tree.parallel {
		workers = min(runtime.GOMAXPROCS(0), 4, len(w.tree.layers))
	}
	w.lost = make([]map[string]Entry, len(w.tree.layers))
	todo := make(chan int, len(w.tree.layers))
	for i := range slices.Backward(w.tree.layers) {
		todo <- i
	}
	close(todo)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range todo {
				p := w.newPass(i)
				p.err = w.tree.layers[i].read(w.ctx, p.add, p.layer)
				w.settle(i, p)
			}
		})
	}
	all.Wait()
	w.readLost()
}

func (w *walk[T]) newPass(layer int) *pass[T] {
	if w.tree.folder {
		layer = -1
	}
	return &pass[T]{ctx: w.ctx, visitor: w.visitor, layer: layer, hidden: w.hidden, hold: &w.hold, at: map[uint64]int{}}
}

// hidden reports whether the layers settled so far hide name.
func (w *walk[T]) hidden(name string) bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.upper.hidden(name)
}

// settle takes the reading of layer i, and decides for every layer whose upper
// layers are all known what of it is hidden.
func (w *walk[T]) settle(i int, p *pass[T]) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passes[i] = p
	for ; w.next >= 0 && w.passes[w.next] != nil; w.next-- {
		p := w.passes[w.next]
		for _, f := range p.found {
			if f.Entry != nil {
				f.Entry.Hidden = w.upper.hidden(f.Entry.Name)
			}
		}
		if lost := p.lost(w.upper.hidden); len(lost) > 0 && w.lost != nil {
			w.lost[w.next] = lost
		} else if len(lost) > 0 && p.err == nil {
			p.err = fmt.Errorf("%d hard links: their targets have gone by in the stream", len(lost))
		}
		for _, n := range p.names {
			if w.upper.used >= maxNames {
				w.full = true
				break
			}
			w.upper.add(n, n&flags)
		}
		p.names, p.links, p.at, p.read = nil, nil, nil, nameSet{}
	}
}

// readLost reads the layers again that hold lost hard links.
func (w *walk[T]) readLost() {
	for i, lost := range w.lost {
		if len(lost) == 0 || w.passes[i].err != nil {
			continue
		}
		p := w.newPass(i)
		p.only = lost
		first := w.passes[i]
		first.err = w.tree.layers[i].read(w.ctx, p.add, p.layer)
		first.found = append(first.found, p.found...)
	}
}

// result collects what is visible.
func (w *walk[T]) result() *Walk[T] {
	out := &Walk[T]{}
	if !w.tree.folder {
		out.Layers = w.tree.describe(len(w.passes))
	}
	for i, p := range w.passes {
		for _, f := range p.found {
			if f.Entry != nil && (f.always || !f.Entry.Hidden) {
				out.Found = append(out.Found, f)
			}
		}
		what := w.tree.layerName(i)
		if i < len(out.Layers) {
			out.Layers[i].Size = p.size
		}
		if p.err != nil && !errors.Is(p.err, context.Canceled) {
			out.Notes = append(out.Notes, model.Note{What: what, Why: p.err.Error()})
		}
	}
	if w.full {
		out.Notes = append(out.Notes, model.Note{What: "layers", Why: fmt.Sprintf("they have more than %d names, so files may be reported that an upper layer hides", maxNames)})
	}
	out.Notes = append(out.Notes, w.tree.notes...)
	return out
}
