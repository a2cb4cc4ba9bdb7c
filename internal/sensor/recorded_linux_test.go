package sensor

import (
	"context"
	"errors"
	"os/exec"
	"testing"

	"bulkhead/internal/falco"
)

// errEnough ends a recording.
var errEnough = errors.New("enough")

// record returns events as they happen on this machine, whatever runs on it, and
// a shell that lists and reads files besides.
func record(b *testing.B, p *falco.Program, count int) []*Event {
	b.Helper()
	s, err := Open(Options{EventTypes: p.EventTypes(), Fields: p.Refs(), Describe: func(_ context.Context, id string) (*Container, error) {
		return &Container{ID: id, Name: "web", Image: "docker.io/library/nginx:1"}, nil
	}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(b.Context())
	defer cancel(nil)
	var events []*Event
	ended := make(chan error, 1)
	go func() {
		ended <- s.Run(ctx, func(e *Event) {
			if events = append(events, e.kept()); len(events) == count {
				cancel(errEnough)
			}
		})
	}()
	for ctx.Err() == nil {
		cmd := exec.CommandContext(ctx, "sh", "-c", "ls -l /etc /proc/self/fd; cat /etc/passwd /etc/hosts; date")
		_ = cmd.Run() // what it does counts, not how it ends
	}
	err = errors.Join(<-ended, s.Close())
	if !errors.Is(context.Cause(ctx), errEnough) || err != nil {
		b.Fatal(context.Cause(ctx), err)
	}
	return events[:count]
}

// BenchmarkRecorded decides what happened on this machine a moment ago.
func BenchmarkRecorded(b *testing.B) {
	needsKernel(b)
	for _, bb := range []struct {
		name  string
		files []string
	}{{"all", allFiles}, {"stable", allFiles[:1]}} {
		b.Run(bb.name, func(b *testing.B) {
			p, ev := upstream(b, bb.files...)
			events := record(b, p, 1000)
			kinds := map[string]int{}
			for _, e := range events {
				kinds[e.name]++
			}
			b.Log(kinds)
			n, matches, before := 0, 0, cpuTime(b)
			b.ReportAllocs()
			for b.Loop() {
				e := events[n%len(events)]
				e.described = false
				if e.call == nil {
					e.proc.line = ""
				}
				matches += len(ev.Match(e))
				n++
			}
			measured(b, n, before)
			b.ReportMetric(float64(matches)/float64(n), "matches/event")
		})
	}
}
