// Package learn finds the least privilege a container needs: it runs copies of
// it under its test, records what they use of the kernel, and runs them again
// under what follows from that.
//
// Nothing counts as learned before a copy has passed its test under it.
package learn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/sensor"
)

// Options say what to learn and how.
type Options struct {
	Engine    *engine.Engine
	Container string   // name or id of a container, in any state
	Image     string   // instead of it, an image that is run without flags
	Test      []string // a command that ends with 0 where the service works; nil for none
	Dir       string   // the folder the test is run in; "" is the current one

	Runs    int           // how often to run the service for learning; at least 1
	Timeout time.Duration // until the service has to be ready, or its test to pass

	// InPlace stops the container and starts its copies with its volumes, ports
	// and names; it is started again in the end. Without it copies have empty
	// volumes, copies of the folders that they may write to, and ports of their
	// own, and the container is left alone.
	InPlace bool

	// Exhaustive tries without each capability that was asked for. It takes a run
	// for each.
	Exhaustive bool

	Log func(string) // told what is done; nil is not
}

// A learner is one Run.
type learner struct {
	Options
	ctx     context.Context //nolint:containedctx // of the one Run
	subject *subject
	table   *table
	rec     *sensor.Recorder
	watch   *watcher
	ready   time.Duration     // the longest that a copy took
	number  int               // of the copies made
	static  *Static           // once a copy was looked at
	folders map[string]folder // that the service wrote to, as it is
}

// ErrFails is returned where the service does not pass its test as it is.
var ErrFails = errors.New("the service does not pass its test as it is")

// Run learns. The result says what was verified; an error, that it could not be
// tried.
func Run(ctx context.Context, o Options) (result *Learned, err error) {
	l := &learner{Options: o, ctx: ctx, table: newTable()}
	l.Runs = max(l.Runs, 1)
	if l.subject, err = l.open(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.subject.close()) }()
	if l.InPlace && l.subject.running && value[bool](l.subject.in.HostConfig, "AutoRemove") {
		return nil, fmt.Errorf("%s was started with --rm: stopped, it would be gone", l.subject.name)
	}
	if l.rec, err = sensor.NewRecorder(); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.rec.Close()) }()
	if l.watch, err = startWatcher(ctx); err != nil {
		return nil, err
	}
	defer func() {
		dropped, werr := l.watch.close()
		if result != nil {
			result.Dropped = dropped
		}
		err = errors.Join(err, werr)
	}()
	if l.InPlace && l.subject.running {
		l.say("stopping " + l.subject.name + ", to start it again in the end")
		if err := l.Engine.Stop(ctx, l.subject.id, grace); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, l.Engine.Start(context.WithoutCancel(ctx), l.subject.id)) }()
	}
	result, err = l.learn()
	if err != nil {
		return nil, err
	}
	err = l.verify(result)
	if err == nil {
		result.Gap = result.gap()
		result.Static = *l.static // a copy ran, else there was an error
		result.Static.Refused = without(result.Static.Direct, result.Profile.Allowed())
	}
	return result, err
}

func (l *learner) say(text string) {
	if l.Log != nil {
		l.Log(text)
	}
}

// learn runs the service as it is and notes what it uses.
func (l *learner) learn() (*Learned, error) {
	out := &Learned{Version: formatVersion, Name: l.subject.name, Image: l.subject.image, Tested: len(l.Test) > 0, Granted: l.subject.granted(l.table)}
	var seen use
	for n := range l.Runs {
		o, err := l.trial(nil, throughRestart)
		if err != nil {
			return nil, err
		}
		if o.failure != "" {
			return nil, fmt.Errorf("%w: %s", ErrFails, o.failure)
		}
		fresh := seen.add(&o.use)
		out.NewCalls = append(out.NewCalls, fresh)
		out.ExitCode = o.exit
		l.say(fmt.Sprintf("run %d of %d: ready after %.1f s, %d system calls, %d of them new", n+1, l.Runs, o.ready.Seconds(), len(o.use.calls), fresh))
	}
	l.fill(out, &seen)
	return out, nil
}

// fill puts what was seen into the result.
func (l *learner) fill(out *Learned, seen *use) {
	out.Calls = l.table.names(seen.calls)
	out.Runtime = l.table.names(seen.runtime)
	out.Refused = l.table.names(seen.refused)
	out.Asked = slices.DeleteFunc(capabilities(seen.given), func(c string) bool { return !slices.Contains(out.Granted.Capabilities, c) })
	out.Capabilities = slices.Clone(out.Asked)
	out.Compat, out.Unknown = seen.compat, seen.unknown
	out.CapabilitiesKnown = l.rec.Capabilities
	if !l.rec.Capabilities {
		out.Capabilities = slices.Clone(out.Granted.Capabilities)
	}
	out.Backed = []string{}
	maps.DeleteFunc(seen.written, func(name string, _ bool) bool { return seen.elsewhere(name) })
	out.Executed, out.Written, out.Denied = sorted(seen.executed), sorted(seen.written), sorted(seen.denied)
	out.Listening, out.Peers, out.Users = seen.listening, connected(sorted(seen.peers), seen.listening), seen.users
	out.Reaches = reaches(seen.networks, out.Peers)
	out.Writable = l.subject.places(seen)
	l.folders = seen.folders
}

// capabilities returns the names of capabilities.
func capabilities(numbers []int) []string {
	var out []string
	for _, n := range numbers {
		if name := sensor.CapabilityName(n); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// JSON returns the result as it is saved and as ReadLearned reads it.
func (r *Learned) JSON() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return append(text, '\n'), err
}
