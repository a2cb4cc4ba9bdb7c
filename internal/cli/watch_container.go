package cli

import (
	"context"

	"bulkhead/internal/engine"
	"bulkhead/internal/sensor"
	"bulkhead/internal/watch"
)

// describe returns what asks the engine about one container.
func describe(e *engine.Engine) func(context.Context, string) (*sensor.Container, error) {
	return watch.NewContainers(e).Describe
}
