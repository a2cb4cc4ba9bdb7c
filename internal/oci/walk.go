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

// Bounds of all layers together: their names, 40 MB of memory, and the files of
// which something is kept.
const (
	maxNames = 2_000_000
	maxFound = 400_000
)

// errTooMuch is why not all that was found in a layer is kept.
var errTooMuch = fmt.Errorf("more than %d files have something to tell: not all are kept", maxFound)

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

	// Fresh returns the visitor of one layer, where visitors count what they
	// keep: what is made of a layer must not depend on which was read before.
	// Nil has this visitor look at all.
	Fresh func() Visitor[T]

	// Codec is set where what was made of a layer can be kept. Every layer is
	// then read as if it were alone, without regard to what upper ones hide.
	Codec *Codec[T]
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

	names nameSet
	full  bool // names is not complete
}

// Has reports whether there may be a regular file of that name, if only in a
// layer whose upper ones hide it. All entries count, also those nobody wanted.
func (w *Walk[T]) Has(name string) bool {
	return w.full || w.names.of(hashName(name))&regular != 0
}

// Visit walks over the files of an image in one pass: layers from the top down,
// so that what an upper layer hides is not read. A layer that is damaged costs
// only what comes after the damage; it is noted. Nothing is written to disk.
func Visit[T any](ctx context.Context, t *Tree, v Visitor[T]) (*Walk[T], error) {
	w := &walk[T]{ctx: ctx, visitor: v, tree: t}
	w.settled.L = &w.mu
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

	mu      sync.RWMutex
	settled sync.Cond  // says that next has changed
	passes  []*pass[T] // by layer
	upper   nameSet    // the names of the layers above next
	next    int        // the uppermost layer that is not settled
	full    bool       // upper has no room
	lost    []map[string]Entry
	names   int // of all layers of a stream, which are kept until its end
	kept    int // found in the settled layers
}

// readLayers reads all layers: compressed ones several at once, because
// inflating is what takes the time, others one after the other, because then
// hidden files are not even looked at.
func (w *walk[T]) readLayers() {
	workers := 1
	if w.tree.parallel || w.visitor.Codec != nil && !w.tree.folder {
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
				w.await(i)
				w.settle(i, w.readLayer(i))
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
	p := &pass[T]{ctx: w.ctx, visitor: w.visitor, layer: layer, hidden: w.hidden, hold: &w.hold, at: map[uint64]int{}}
	if w.visitor.Fresh != nil {
		p.visitor = w.visitor.Fresh()
	}
	if w.visitor.Codec != nil {
		p.hidden = func(string) bool { return false }
	}
	return p
}

// maxAhead bounds how many layers are read before an upper one is settled, and
// so how much is kept that may be too much.
const maxAhead = 8

// await waits until layer i may be read.
func (w *walk[T]) await(i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i < w.next-maxAhead {
		w.settled.Wait()
	}
}

// readLayer reads a layer, or recalls what was made of it before.
func (w *walk[T]) readLayer(i int) *pass[T] {
	p := w.newPass(i)
	l := &w.tree.layers[i]
	var k kept
	store := w.tree.store
	if store == nil {
		store = nowhere{}
	}
	if w.visitor.Codec != nil {
		k = l.kept(w.ctx, store)
		if k.content != "" && p.recall(store, k) {
			p.err = l.broken(k)
			return p
		}
	}
	p.err = l.read(w.ctx, p.add, p.layer)
	p.finish()
	if p.err == nil && k.content != "" {
		p.remember(store, k)
	}
	if p.err == nil {
		p.err = l.broken(k)
	}
	return p
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
	defer w.settled.Broadcast()
	for ; w.next >= 0 && w.passes[w.next] != nil; w.next-- {
		p := w.passes[w.next]
		if w.kept += len(p.found); w.kept > maxFound {
			p.found = p.found[:max(0, len(p.found)-(w.kept-maxFound))]
			w.kept = maxFound
			p.err = errors.Join(p.err, errTooMuch)
		}
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
			w.upper.add(n, n&(covers|blocks|regular))
		}
		p.names, p.links = nil, nil
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
	out := &Walk[T]{names: w.upper, full: w.full}
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
			out.Notes = append(out.Notes, model.Note{What: what, Why: p.err.Error(), Broken: true})
		}
	}
	if w.full {
		out.Notes = append(out.Notes, model.Note{What: "layers", Why: fmt.Sprintf("they have more than %d names, so files may be reported that an upper layer hides", maxNames)})
	}
	out.Notes = append(out.Notes, w.tree.notes...)
	return out
}
