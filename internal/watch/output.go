package watch

import (
	"encoding/json"
	"fmt"
	"io"
)

// An Output is a place that alerts are written to. Write is called by one
// goroutine at a time, and does not wait for another machine.
type Output interface {
	Write(a *Alert) error
	Close() error
}

// A Format turns an alert into one line without its end.
type Format func(a *Alert) ([]byte, error)

// Text writes an alert as the Falco engine prints it.
func Text(a *Alert) ([]byte, error) { return a.AppendText(nil), nil }

// JSON writes an alert as one object with the Falco engine's keys.
func JSON(a *Alert) ([]byte, error) { return json.Marshal(a.Alert) }

// A Stream writes lines to what somebody else opened and closes.
type Stream struct {
	To     io.Writer
	Format Format
}

// Write writes one line with one call.
func (s Stream) Write(a *Alert) error {
	line, err := s.Format(a)
	if err != nil {
		return fmt.Errorf("write alert: %w", err)
	}
	if _, err := s.To.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write alert: %w", err)
	}
	return nil
}

// Close does nothing.
func (Stream) Close() error { return nil }
