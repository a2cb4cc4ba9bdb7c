package watch

import (
	"container/list"
	"slices"
	"strconv"
	"time"

	"bulkhead/internal/falco"
)

// maxKinds and maxKept bound how many kinds of alerts are remembered, and how many
// bytes of text of them. The one that was longest ago is forgotten for another, and
// is new when it comes again: what is printed once too often hides nothing.
const (
	maxKinds = 16384
	maxKept  = 16 << 20
)

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

// size returns how much text is kept of a kind.
func (k *repeated) size() int {
	n := len(k.kind.rule) + len(k.kind.subject.Image) + len(k.kind.subject.Process) + len(k.kind.subject.Target)
	if k.last != nil {
		n += 2 * len(k.last.Output) // its fields say the same
	}
	return n
}

// A repeats decides which alerts are the first of their kind for a while, and
// sums up the others.
type repeats struct {
	window time.Duration // 0 lets everything through
	kinds  map[kind]*list.Element
	order  list.List // of *repeated, the oldest window first
	kept   int       // bytes of all of them
}

// take reports whether the alert is to be written. It returns besides what was
// counted of kinds that are forgotten for it.
func (r *repeats) take(a *Alert, now time.Time) (first bool, forgotten []*Alert) {
	if r.window == 0 {
		return true, nil
	}
	if r.kinds == nil {
		r.kinds = map[kind]*list.Element{}
	}
	k := kind{a.Rule, a.Subject}
	if e := r.kinds[k]; e != nil {
		k, _ := e.Value.(*repeated)
		r.kept -= k.size()
		k.more++
		k.last = a
		r.kept += k.size()
		return false, r.forget()
	}
	fresh := &repeated{kind: k, since: now}
	r.kinds[k] = r.order.PushBack(fresh)
	r.kept += fresh.size()
	return true, r.forget()
}

// forget removes the oldest kinds until no more are left than may be, and returns
// what was counted of them.
func (r *repeats) forget() []*Alert {
	var out []*Alert
	for len(r.kinds) > 1 && (len(r.kinds) > maxKinds || r.kept > maxKept) {
		if s := r.remove(r.order.Front()); s != nil {
			out = append(out, s)
		}
	}
	return out
}

// remove forgets a kind and returns its summary, nil where nothing came of it.
func (r *repeats) remove(e *list.Element) *Alert {
	k, _ := r.order.Remove(e).(*repeated)
	delete(r.kinds, k.kind)
	r.kept -= k.size()
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
		r.kept -= k.size()
		k.since, k.more, k.last = now, 0, nil
		r.kept += k.size()
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
