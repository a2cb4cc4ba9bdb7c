package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/falco"
	"bulkhead/internal/watch"
)

// sweepEvery is how often running programs are looked at.
const sweepEvery = 5 * time.Second

// beside starts what makes alerts besides the kernel's events, and returns
// when it is there. The function it returns waits for its end.
func (w *watcher) beside(ctx context.Context, e *engine.Engine, happening falco.Priority) func() {
	var all sync.WaitGroup
	if w.drift {
		w.drifted = &watch.Drift{Containers: w.containers, Take: w.take}
		all.Go(func() {
			ticker := time.NewTicker(sweepEvery)
			defer ticker.Stop()
			for ctx.Err() == nil {
				w.drifted.Sweep(ctx)
				select {
				case <-ticker.C:
				case <-ctx.Done():
				}
			}
		})
	}
	if w.enforce.enforcer != nil {
		all.Go(func() {
			if err := w.enforce.run(ctx, w.containers.Known, w.take); err != nil {
				w.fail(err)
			}
		})
	}
	if e == nil || w.happening == "none" {
		return all.Wait
	}
	events := &watch.Events{Engine: e, Containers: w.containers, Peers: w.peers, Least: happening, Take: w.take}
	if w.drifted != nil {
		events.Copied, events.Changed = w.drifted.Copied, w.drifted.Declared
	}
	if w.enforce.enforcer != nil {
		events.Removed = func(id string) { _ = w.enforce.enforcer.Forget(id) } // its control group is gone, and the programs with it
	}
	opened := make(chan struct{})
	var once sync.Once
	all.Go(func() {
		err := events.Run(ctx, func() { once.Do(func() { close(opened) }) })
		once.Do(func() { close(opened) })
		if err != nil {
			w.fail(fmt.Errorf("the engine's events: %w", err))
		}
	})
	<-opened
	return all.Wait
}
