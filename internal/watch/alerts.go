package watch

import (
	"errors"
	"sync"
	"time"

	"bulkhead/internal/falco"
)

// Options say what becomes of alerts.
type Options struct {
	Outputs  []Output
	Least    falco.Priority // alerts that matter less are left out
	Window   time.Duration  // for which alerts of one kind are counted after the first; 0 writes all
	Hostname string
	Seen     []func(*Alert) // called for every alert of enough priority, repeated or not, by one goroutine at a time
}

// Alerts takes alerts from every source and brings the first of each kind to
// all outputs. Its methods may be called from any goroutine.
type Alerts struct {
	options Options
	mu      sync.Mutex
	repeats repeats
	all     uint64
	counted uint64
	failed  error
	closed  bool
	end     chan struct{}
	ended   sync.WaitGroup
}

// New returns what takes alerts. Close it to sum up what was counted.
func New(o Options) *Alerts {
	a := &Alerts{options: o, repeats: repeats{window: o.Window}, end: make(chan struct{})}
	if o.Window > 0 {
		a.ended.Go(a.sumUp)
	}
	return a
}

// sumUp writes summaries when they are due.
func (a *Alerts) sumUp() {
	ticker := time.NewTicker(max(a.options.Window/8, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-a.end:
			return
		case now := <-ticker.C:
			a.mu.Lock()
			for _, s := range a.repeats.due(now) {
				a.write(s)
			}
			a.mu.Unlock()
		}
	}
}

// Take takes one alert, unless it comes after Close. The error is the first that an output ever had; the
// other outputs got the alert all the same.
func (a *Alerts) Take(alert *Alert) error {
	if alert.Priority > a.options.Least {
		return nil
	}
	alert.Hostname = a.options.Hostname
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	a.all++
	for _, seen := range a.options.Seen {
		seen(alert)
	}
	first, forgotten := a.repeats.take(alert, time.Now())
	for _, f := range forgotten {
		a.write(f)
	}
	if first {
		a.write(alert)
	} else {
		a.counted++
	}
	return a.failed
}

func (a *Alerts) write(alert *Alert) {
	for _, o := range a.options.Outputs {
		if err := o.Write(alert); err != nil && a.failed == nil {
			a.failed = err
		}
	}
}

// Counts returns how many alerts there were, and how many of them were counted
// and not written.
func (a *Alerts) Counts() (all, counted uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all, a.counted
}

// Close writes the summaries that are left and closes the outputs.
func (a *Alerts) Close() error {
	close(a.end)
	a.ended.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for _, s := range a.repeats.rest() {
		a.write(s)
	}
	errs := []error{a.failed}
	for _, o := range a.options.Outputs {
		errs = append(errs, o.Close())
	}
	return errors.Join(errs...)
}
