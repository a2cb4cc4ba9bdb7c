package cli

import (
	"context"
	_ "embed" // the default rules
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/falco"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
	"bulkhead/internal/source"
)

// watchRules are the rules where none are given.
//
//go:embed watch_rules.yaml
var watchRules []byte

// A watcher is one run of watch.
type watcher struct {
	app       *app
	rules     []string
	format    string
	host      string
	noEngine  bool
	container string
	duration  time.Duration

	ev       *falco.Evaluator
	hostname string
	events   uint64
	alerts   uint64
	failed   error // of writing
	stop     context.CancelFunc
}

func (a *app) watchCommand() *cobra.Command {
	w := &watcher{app: a}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print an alert for what runs and should not, by Falco rules",
		Long: `Watch sees programs, files and connections of this machine as the kernel tells
them, and prints an alert for every event that a rule matches, with the container
it is of. Rules are Falco's, unchanged; without any, a small set for containers is
used. It needs root and a kernel with BTF; bulkhead doctor says what there is.
Interrupting it ends it.`,
		Example: `  sudo bulkhead watch
  sudo bulkhead watch --rules falco_rules.yaml --rules my_rules.yaml -o json
  sudo bulkhead watch --container web --duration 10m`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringArrayVar(&w.rules, "rules", nil, "read rules from `FILE` or folder instead of the default ones; may be repeated")
	f.StringVarP(&w.format, "output", "o", "text", "write `FORMAT`: text or json, one object for each alert")
	f.StringVar(&w.container, "container", "", "print alerts of the container called `NAME` only; a part of its id from the start does too")
	f.DurationVar(&w.duration, "duration", 0, "stop after this `time`, such as 10m (default never)")
	f.StringVar(&w.host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	f.BoolVar(&w.noEngine, "no-engine", false, "do not ask the engine: containers have no names then")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		if err := falcoFormat(w.format); err != nil {
			return err
		}
		return w.run(cmd.Context())
	}
	return cmd
}

func (w *watcher) run(ctx context.Context) error {
	program, err := w.load()
	if err != nil {
		return err
	}
	w.ev = program.Evaluator()
	w.hostname, _ = os.Hostname() // an alert without it is an alert
	o := sensor.Options{EventTypes: program.EventTypes(), Fields: program.Refs(), Names: program.Hosts()}
	if w.container != "" {
		o.Chosen = w.chosen
	}
	if !w.noEngine {
		e, err := engine.Open(ctx, engine.Options{Host: w.host})
		if err != nil {
			w.app.say("bulkhead: warning: containers will have no names: " + report.Printable(err.Error()))
		} else {
			defer e.Close()
			o.Describe = describe(e)
		}
	}
	s, err := sensor.Open(o)
	if err != nil {
		return err
	}
	ctx, w.stop = context.WithCancel(ctx)
	defer w.stop()
	if w.duration > 0 {
		ctx, w.stop = context.WithTimeout(ctx, w.duration)
		defer w.stop()
	}
	w.app.say("watching; interrupt to stop")
	err = s.Run(ctx, w.event)
	counts, countErr := s.Counts()
	err = errors.Join(err, countErr, s.Close(), w.failed)
	w.app.say(fmt.Sprintf("%s, %s, %d dropped", count64(w.alerts, "alert"), count64(w.events, "event"), counts.Dropped))
	if counts.Dropped > 0 && err == nil {
		err = &hinted{fmt.Errorf("%d events were dropped: alerts may be missing", counts.Dropped), "choose rules for fewer types of events"}
	}
	return err
}

func count64(n uint64, what string) string { return report.Count(int(n), what) }

// load reads the rules, and says which of them the sensor cannot decide.
func (w *watcher) load() (*falco.Program, error) {
	files := []*source.File{source.NewFile("default rules", watchRules)}
	if len(w.rules) > 0 {
		var err error
		if files, err = ruleFiles(w.rules); err != nil {
			return nil, err
		}
	}
	set := falco.Load(files, falco.Options{Append: falco.SuggestedOutput})
	for _, d := range set.Diagnostics {
		if d.Level == falco.Error {
			return nil, fmt.Errorf("%s: %s: %s; bulkhead falco lint lists all that is wrong", d.Span.Position(), d.Code, d.Message)
		}
	}
	program := set.Compile()
	if len(program.EventTypes()) == 0 {
		return nil, usage("", "no rule can match anything")
	}
	w.warn(set, program)
	return program, nil
}

// warn says which fields and events of the rules the sensor does not have.
func (w *watcher) warn(set *falco.Set, program *falco.Program) {
	if missing := sensor.Unsupported(program.EventTypes()); len(missing) > 0 {
		w.app.say("bulkhead: warning: events of these types are not seen: " + strings.Join(missing, ", "))
	}
	users, why := map[string][]string{}, map[string]string{}
	for _, r := range set.Rules {
		if !r.Enabled {
			continue
		}
		for _, ref := range set.Refs(r) {
			if reason := sensor.Why(ref); reason != "" {
				users[ref.Text], why[ref.Text] = append(users[ref.Text], r.Name), reason
			}
		}
	}
	for _, f := range slices.Sorted(maps.Keys(users)) {
		w.app.say(report.Printable(fmt.Sprintf("bulkhead: warning: %s never has a value: %s; used by: %s", f, why[f], strings.Join(users[f], ", "))))
	}
}

// event prints an alert for every rule that e matches.
func (w *watcher) event(e *sensor.Event) {
	w.events++
	if !w.concerns(e) {
		return
	}
	for _, r := range w.ev.Match(e) {
		w.alerts++
		alert := w.ev.Alert(r)
		alert.Time, alert.Hostname = e.Time, w.hostname
		if e.Pending {
			alert.Output += " metadata=pending"
			alert.Fields = append(alert.Fields, falco.OutputField{Name: "bulkhead.metadata", Value: "pending"})
		}
		if err := w.write(alert); err != nil && w.failed == nil {
			w.failed = fmt.Errorf("write alert: %w", err)
			w.stop()
		}
	}
}

func (w *watcher) write(alert falco.Alert) error {
	line := alert.AppendText(nil)
	if w.format == "json" {
		var err error
		if line, err = json.Marshal(alert); err != nil {
			return err
		}
	}
	_, err := w.app.stdout.Write(append(line, '\n'))
	return err
}

// chosen reports whether alerts of a container, or with nil of the host, are
// asked for.
func (w *watcher) chosen(c *sensor.Container) bool {
	return w.container == "" || c != nil && (c.Name == w.container || w.fromStart(c.ID))
}

// concerns reports whether alerts of e are asked for. The kernel leaves most of
// the others out, but not what starts before the engine has told of it.
func (w *watcher) concerns(e *sensor.Event) bool {
	return w.chosen(e.Container) || w.fromStart(e.ContainerID())
}

func (w *watcher) fromStart(id string) bool {
	const least = 4
	return id != "" && len(w.container) >= least && strings.HasPrefix(id, w.container)
}
