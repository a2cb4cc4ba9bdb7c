//go:build !linux

package sensor

import (
	"context"
	"errors"
	"runtime"
)

// A Sensor tells what happens on this machine.
type Sensor struct{}

// Open fails: only Linux has a sensor.
func Open(Options) (*Sensor, error) {
	return nil, errors.New("watching needs Linux; this is " + runtime.GOOS)
}

// Run does nothing.
func (*Sensor) Run(context.Context, func(*Event)) error { return nil }

// Counts returns no events.
func (*Sensor) Counts() (Counts, error) { return Counts{}, nil }

// Close does nothing.
func (*Sensor) Close() error { return nil }
