package watch

import (
	"container/list"
	"slices"
	"strconv"
	"time"

	"bulkhead/internal/falco"
)

// maxKinds bounds how many kinds of alerts are remembered. The one that was
// longest ago is forgotten for another, and is new when it comes again: what is
// printed once too often hides nothing.
const maxKinds = 16384

// A kind is what alerts have in common that are counted together.
type kind struct {
	rule    string
	subject Subject
}

// A repeated is a kind that was printed, and what came of it since.
type repeated struct {
	kind  kind
	since time.Time
	more  uint64
	last  *Alert
}

// A repeats decides which alerts are the first of their kind for a while, and
// sums up the others.
type repeats struct {
	window time.Duration // 0 lets everything through
	kinds  map[kind]*list.Element
	order  list.List // of *repeated, the oldest window first
}

// take reports whether the alert is to be written. It returns besides what was
// counted of a kind that is forgotten for it, or nil.
func (r *repeats) take(a *Alert, now time.Time) (first bool, forgotten *Alert) {
	if r.window == 0 {
		return true, nil
	}
	if r.kinds == nil {
		r.kinds = map[kind]*list.Element{}
	}
	k := kind{a.Rule, a.Subject}
	if e := r.kinds[k]; e != nil {
		k, _ := e.Value.(*repeated)
		k.more++
		k.last = a
		return false, nil
	}
	if len(r.kinds) >= maxKinds {
		forgotten = r.remove(r.order.Front())
	}
	r.kinds[k] = r.order.PushBack(&repeated{kind: k, since: now})
	return true, forgotten
}

// remove forgets a kind and returns its summary, nil where nothing came of it.
func (r *repeats) remove(e *list.Element) *Alert {
	k, _ := r.order.Remove(e).(*repeated)
	delete(r.kinds, k.kind)
	return k.summary()
}

// due returns the summaries of the windows that ended before now. A kind that
// still comes goes on being counted in a window of its own.
func (r *repeats) due(now time.Time) []*Alert {
	var out []*Alert
	for e := r.order.Front(); e != nil; e = r.order.Front() {
		k, _ := e.Value.(*repeated)
		if now.Sub(k.since) < r.window {
			break
		}
		summary := k.summary()
		if summary == nil {
			r.remove(e)
			continue
		}
		out = append(out, summary)
		k.since, k.more, k.last = now, 0, nil
		r.order.MoveToBack(e)
	}
	return out
}

// rest returns the summaries of all windows, and forgets everything.
func (r *repeats) rest() []*Alert {
	var out []*Alert
	for e := r.order.Front(); e != nil; e = r.order.Front() {
		if s := r.remove(e); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// summary returns the last alert of a kind with how many there were after the
// first, or nil for none.
func (k *repeated) summary() *Alert {
	if k.more == 0 {
		return nil
	}
	s := *k.last
	s.Output += " repeated=" + strconv.FormatUint(k.more, 10)
	s.Fields = append(slices.Clip(s.Fields), falco.OutputField{Name: "bulkhead.repeated", Value: k.more})
	return &s
}
