package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"bulkhead/internal/engine"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
	"bulkhead/internal/watch"
)

// describe returns what asks the engine about one container.
func describe(e *engine.Engine) func(context.Context, string) (*sensor.Container, error) {
	return watch.NewContainers(e).Describe
}

// missing says which of the containers that were named are not there: they may come,
// or the name may be wrong.
func (w *watcher) missing(ctx context.Context) {
	if w.containers == nil {
		return
	}
	names := w.enforce.named()
	if w.container != "" && !slices.Contains(names, w.container) {
		names = append(names, w.container)
	}
	for _, name := range names {
		c, err := w.containers.Describe(ctx, name)
		there := err == nil && (c.Name == name || name == w.container && w.chosen(c))
		if there || err != nil && !errors.Is(err, engine.ErrNotFound) {
			continue
		}
		w.app.say("no container is called " + report.Printable(name) + " yet")
	}
}

// named returns the names that something is enforced on, patterns left out.
func (e *watchEnforce) named() []string {
	var out []string
	for _, p := range e.policies {
		if p.mode != sensor.Off && !strings.ContainsAny(p.pattern, `*?[\`) && !slices.Contains(out, p.pattern) {
			out = append(out, p.pattern)
		}
	}
	return out
}
