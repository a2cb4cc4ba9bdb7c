package watch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/falco"
	"bulkhead/internal/report"
)

// A Reaction is what is done to the container of an alert.
type Reaction struct {
	Rule     string // "" for every rule
	Response engine.Response
	Least    falco.Priority // alerts that matter less are left alone
}

// An Audit is one response, or one that would have been.
type Audit struct {
	Time      time.Time       `json:"time"`
	Rule      string          `json:"rule"`
	Response  engine.Response `json:"response"`
	Container string          `json:"container"`
	ID        string          `json:"id"`
	Image     string          `json:"image"`
	Result    string          `json:"result"` // "done", "dry run", "not allowed", "failed", "left out"
	Error     string          `json:"error,omitempty"`
	Alert     string          `json:"alert"`
}

// Results of a response.
const (
	resultDone    = "done"
	resultDry     = "dry run"
	resultSpared  = "not allowed"
	resultFailed  = "failed"
	resultLeftOut = "left out"
)

// again is how long a container is left alone after a response: the alerts that
// were on their way are about what was before.
const again = time.Minute

// A Responder carries out reactions, from a goroutine of its own.
type Responder struct {
	engine    *engine.Engine
	reactions []Reaction
	dry       bool
	allowed   func(name, image string) bool
	audit     io.Writer
	told      func(*Audit)
	waiting   chan *Audit
	done      sync.WaitGroup
	mu        sync.Mutex
	last      map[string]time.Time // by container and response
	failed    error                // of writing the record
}

// ResponderOptions say what a responder does.
type ResponderOptions struct {
	Engine    *engine.Engine
	Reactions []Reaction
	Apply     bool                          // carry responses out; else they are only recorded
	Allowed   func(name, image string) bool // containers that may be responded to
	Audit     io.Writer                     // one JSON object a line
	Told      func(*Audit)                  // called for every record, by one goroutine at a time
}

// NewResponder returns a responder. Close it to finish what waits.
func NewResponder(o ResponderOptions) *Responder {
	r := &Responder{
		engine: o.Engine, reactions: o.Reactions, dry: !o.Apply, allowed: o.Allowed, audit: o.Audit, told: o.Told,
		waiting: make(chan *Audit, 256), last: map[string]time.Time{},
	}
	r.done.Go(r.run)
	return r
}

// Seen reacts to an alert, where a reaction is asked for. It does not wait for
// the engine.
func (r *Responder) Seen(a *Alert) {
	for _, reaction := range r.reactions {
		if reaction.Rule != "" && reaction.Rule != a.Rule || a.Priority > reaction.Least || a.Container == nil {
			continue
		}
		key := a.Container.ID + string(reaction.Response)
		now := time.Now()
		if t, ok := r.last[key]; ok && now.Sub(t) < again {
			continue
		}
		if len(r.last) > maxContainers {
			clear(r.last)
		}
		r.last[key] = now
		job := &Audit{
			Rule: a.Rule, Response: reaction.Response, Container: report.Printable(a.Container.Name), ID: a.Container.ID,
			Image: report.Printable(a.Container.Image), Alert: a.Output,
		}
		select {
		case r.waiting <- job:
		default:
			delete(r.last, key)
			job.Result = resultLeftOut
			job.Error = "too many responses wait"
			r.record(job)
		}
	}
}

func (r *Responder) run() {
	const patience = time.Minute // stopping may take what the container asks for
	for job := range r.waiting {
		switch {
		case !r.allowed(job.Container, job.Image):
			job.Result = resultSpared
		case r.dry:
			job.Result = resultDry
		default:
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			err := r.engine.Respond(ctx, job.Response, job.ID)
			cancel()
			job.Result = resultDone
			if err != nil {
				job.Result, job.Error = resultFailed, err.Error()
			}
		}
		r.record(job)
	}
}

func (r *Responder) record(job *Audit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	job.Time = time.Now().UTC()
	line, err := json.Marshal(job)
	if err == nil {
		_, err = r.audit.Write(append(line, '\n'))
	}
	if err != nil && r.failed == nil {
		r.failed = fmt.Errorf("record a response: %w", err)
	}
	r.told(job)
}

// Close finishes what waits.
func (r *Responder) Close() error {
	close(r.waiting)
	r.done.Wait()
	return r.failed
}

// ParseResponse reads the name of a response.
func ParseResponse(name string) (engine.Response, bool) {
	r := engine.Response(name)
	return r, slices.Contains(engine.Responses(), r)
}
