//go:build !linux

package sensor

import (
	"errors"
	"runtime"
)

// A Recorder records what containers use of the kernel.
type Recorder struct{ Capabilities bool }

// NewRecorder fails: only Linux has what it records.
func NewRecorder() (*Recorder, error) {
	return nil, errors.New("recording needs Linux; this is " + runtime.GOOS)
}

// Usages returns nothing.
func (*Recorder) Usages() (map[string]Usage, error) { return nil, nil }

// Close does nothing.
func (*Recorder) Close() error { return nil }
