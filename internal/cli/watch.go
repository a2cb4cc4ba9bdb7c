package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bulkhead/internal/engine"
	"bulkhead/internal/falco"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
	"bulkhead/internal/watch"
)

// A watcher is one run of watch.
type watcher struct {
	app       *app
	rules     []string
	sinks     watchSinks
	least     string
	repeat    time.Duration
	happening string // which of the engine's events become alerts
	drift     bool
	host      string
	noEngine  bool
	container string
	duration  time.Duration
	responses watchResponses
	propose   string
	enforce   watchEnforce

	ev         *falco.Evaluator
	alerts     *watch.Alerts
	containers *watch.Containers // nil without an engine
	peers      *watch.Peers
	drifted    *watch.Drift // nil where nobody asked
	learned    *watch.Exceptions
	events     uint64
	mu         sync.Mutex
	failed     error // of an output, or of the engine's events
	stop       context.CancelFunc
}

func (a *app) watchCommand() *cobra.Command {
	w := &watcher{app: a}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print an alert for what runs and should not, by Falco rules",
		Long: `Watch sees programs, files and connections of this machine as the kernel tells
them, and prints an alert for every event that a rule matches, with the container
it is of. Rules are Falco's, unchanged; without any, a small set for containers is
used. What the engine does to containers from outside, and what runs in them and is
not of their image, becomes alerts too. It needs root and a kernel with BTF;
bulkhead doctor says what there is. Interrupting it ends it.

The first alert of a kind (rule, image, program and target) is always written;
those that follow within a minute are counted, and summed up at its end.

Responses are only recorded until --apply is given.`,
		Example: `  sudo bulkhead watch
  sudo bulkhead watch --rules falco_rules.yaml --rules my_rules.yaml -o json
  sudo bulkhead watch -o text -o json=/var/log/bulkhead.jsonl -o syslog -o webhook=https://example.com/hook
  sudo bulkhead watch --respond 'Engine socket used=pause' --respond-to 'shop-*' --audit responses.jsonl --apply
  sudo bulkhead watch --container web --duration 10m --propose exceptions.yaml
  sudo bulkhead watch --rules default --rules exceptions.yaml`,
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringArrayVar(&w.rules, "rules", nil, "read rules from `FILE` or folder instead of the default ones, which are called default; may be repeated")
	w.sinks.register(f)
	f.StringVar(&w.least, "priority", "debug", "leave out alerts below this `priority`, such as notice")
	f.DurationVar(&w.repeat, "repeat", time.Minute, "count alerts of one kind for this `time` after the first; 0 writes every one")
	f.StringVar(&w.happening, "events", "notice", "also tell what the engine does from this `priority` on: info, notice, warning; or none")
	f.BoolVar(&w.drift, "drift", true, "look for libraries and running programs that are not of the image")
	f.StringVar(&w.container, "container", "", "print alerts of the container called `NAME` only; a part of its id from the start does too")
	f.DurationVar(&w.duration, "duration", 0, "stop after this `time`, such as 10m (default never)")
	w.responses.register(f)
	w.enforce.register(f)
	f.StringVar(&w.propose, "propose", "", "at the end, write what was seen as exceptions of the rules to `FILE`")
	f.StringVar(&w.host, "host", "", "the engine's `address` (default as for docker: DOCKER_HOST, the context, the usual sockets)")
	f.BoolVar(&w.noEngine, "no-engine", false, "do not ask the engine: containers have no names then")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fromEnvironment(cmd.Flags()); err != nil {
			return err
		}
		return w.run(cmd.Context())
	}
	return cmd
}

func (w *watcher) run(ctx context.Context) error {
	switch {
	case w.duration < 0:
		return usage("leave it out to watch until interrupted", "--duration is %s, which is over before it begins", w.duration)
	case w.repeat < 0:
		return usage("0 writes every alert", "--repeat is %s, less than nothing", w.repeat)
	}
	least, ok := falco.ParsePriority(w.least)
	if !ok {
		return usage("priorities are those of Falco: emergency, alert, critical, error, warning, notice, info, debug", "unknown priority %q", w.least)
	}
	happening, ok := falco.ParsePriority(w.happening)
	if !ok && w.happening != "none" {
		return usage("give info, notice, warning or none", "unknown priority %q of events", w.happening)
	}
	if err := errors.Join(w.sinks.check(), w.responses.check(w.noEngine), w.enforce.check(w.noEngine)); err != nil {
		return err
	}
	program, err := w.load()
	if err != nil {
		return err
	}
	w.ev = program.Evaluator()
	o := sensor.Options{EventTypes: program.EventTypes(), Fields: program.Refs(), Names: program.Hosts()}
	if w.container != "" {
		o.Chosen = w.chosen
	}
	e, err := w.engine(ctx, &o)
	if err != nil {
		return err
	}
	if e != nil {
		defer e.Close()
	}
	if err := w.enforce.open(w.app); err != nil {
		return err
	}
	s, err := sensor.Open(o)
	if err != nil {
		return errors.Join(err, w.enforce.close())
	}
	ctx, w.stop = context.WithCancel(ctx)
	defer w.stop()
	if w.duration > 0 {
		ctx, w.stop = context.WithTimeout(ctx, w.duration)
		defer w.stop()
	}
	finish, err := w.open(e, least)
	if err != nil {
		return errors.Join(err, s.Close(), w.enforce.close())
	}
	w.missing(ctx)
	wait := w.beside(ctx, e, happening)
	w.app.say("watching; interrupt to stop")
	err = s.Run(ctx, w.event)
	w.stop()
	wait()
	counts, countErr := s.Counts()
	err = errors.Join(err, countErr, s.Close(), w.enforce.close(), finish(), w.failed)
	all, counted := w.alerts.Counts()
	said := fmt.Sprintf("%s, %s, %d dropped", count64(all, "alert"), count64(w.events, "event"), counts.Dropped)
	if counted > 0 {
		said += fmt.Sprintf("; %s of a kind that was written before", count64(counted, "alert"))
	}
	w.app.say(said)
	if counts.Dropped > 0 && err == nil {
		err = &hinted{fmt.Errorf("%d events were dropped: alerts may be missing", counts.Dropped), "choose rules for fewer types of events"}
	}
	return err
}

// engine opens the engine, where there is one, and lets the sensor ask it.
func (w *watcher) engine(ctx context.Context, o *sensor.Options) (*engine.Engine, error) {
	if w.noEngine {
		return nil, nil //nolint:nilnil // none was asked for
	}
	e, err := engine.Open(ctx, engine.Options{Host: w.host})
	if err != nil {
		if len(w.responses.wanted) > 0 || len(w.enforce.wanted) > 0 {
			return nil, fmt.Errorf("ask for the containers to respond to, or to enforce on: %w", err)
		}
		w.app.say("bulkhead: warning: containers will have no names: " + report.Printable(err.Error()))
		return nil, nil //nolint:nilnil // watching goes on without one
	}
	w.containers = watch.NewContainers(e)
	o.Describe = func(ctx context.Context, id string) (*sensor.Container, error) {
		c, err := w.containers.Describe(ctx, id)
		if err == nil && w.enforce.enforcer != nil && ctx.Err() == nil {
			w.enforce.begin(w.containers.Known(id))
		}
		if err == nil && w.drifted != nil && ctx.Err() == nil {
			w.drifted.Declared(w.containers.Known(id))
		}
		return c, err
	}
	if path, ok := strings.CutPrefix(e.Host, "unix://"); ok && w.happening != "none" {
		w.peers = watch.NewPeers(path)
		w.peers.Narrow = w.container != ""
		if !slices.Contains(o.EventTypes, "connect") {
			o.EventTypes = append(slices.Clone(o.EventTypes), "connect")
		}
	}
	return e, nil
}

// open opens what alerts go to. The function it returns closes it.
func (w *watcher) open(e *engine.Engine, least falco.Priority) (func() error, error) {
	outputs, err := w.sinks.open(w.app)
	if err != nil {
		return nil, err
	}
	o := watch.Options{Outputs: outputs, Least: least, Window: w.repeat}
	o.Hostname, _ = os.Hostname() // an alert without it is an alert
	respond := func() error { return nil }
	if len(w.responses.wanted) > 0 {
		seen, end, err := w.responses.open(w.app, e)
		if err != nil {
			return nil, err
		}
		o.Seen, respond = append(o.Seen, seen), end
	}
	if w.propose != "" {
		w.learned = &watch.Exceptions{}
		o.Seen = append(o.Seen, w.learned.Seen)
	}
	w.alerts = watch.New(o)
	return func() error {
		errs := []error{w.alerts.Close(), respond()}
		if w.learned != nil {
			errs = append(errs, w.writeLearned())
		}
		return errors.Join(errs...)
	}, nil
}

// writeLearned writes what was seen as exceptions.
func (w *watcher) writeLearned() error {
	var b bytes.Buffer
	_, err := w.learned.WriteTo(&b)
	if err == nil {
		err = os.WriteFile(w.propose, b.Bytes(), 0o644) //nolint:gosec // rules are no secret
	}
	if err != nil {
		return fmt.Errorf("write exceptions: %w", err)
	}
	before := "--rules default "
	for i, name := range w.rules {
		if i == 0 {
			before = ""
		}
		before += "--rules " + name + " "
	}
	w.app.say(fmt.Sprintf("%s proposed: read %s, and load it with %s--rules %s", count64(uint64(w.learned.Count()), "exception"), w.propose, before, w.propose))
	if w.learned.Left > 0 {
		w.app.say(fmt.Sprintf("bulkhead: warning: %s not proposed: for want of room, or because the names are odd", count64(uint64(w.learned.Left), "alert")))
	}
	return nil
}

// fail ends the watch with an error.
func (w *watcher) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil {
		w.failed = err
		w.stop()
	}
}

func count64(n uint64, what string) string { return report.Count(int(n), what) }

// load reads the rules, and says which of them the sensor cannot decide.
func (w *watcher) load() (*falco.Program, error) {
	names := w.rules
	if len(names) == 0 {
		names = []string{defaultRules}
	}
	files, err := ruleFiles(names)
	if err != nil {
		return nil, err
	}
	set := falco.Load(files, falco.Options{Append: falco.SuggestedOutput})
	for _, d := range set.Diagnostics {
		if d.Level == falco.Error {
			return nil, fmt.Errorf("%s: %s: %s; bulkhead falco lint lists all that is wrong", d.Span.Position(), d.Code, d.Message)
		}
	}
	if err := w.responses.known(set.Rules); err != nil {
		return nil, err
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

// noPod ends the output of what is in no pod. In JSON it stays, as keys.
const noPod = " k8s_pod_name=<NA> k8s_ns_name=<NA>"

// event makes an alert for every rule that e matches.
func (w *watcher) event(e *sensor.Event) {
	w.events++
	if w.peers != nil {
		w.peers.Take(e)
	}
	if !w.concerns(e) {
		return
	}
	if w.drifted != nil {
		w.drifted.Library(e)
	}
	for _, r := range w.ev.Match(e) {
		alert := &watch.Alert{Alert: w.ev.Alert(r), Subject: watch.SubjectOf(e), Container: e.Container}
		alert.Time = e.Time
		alert.Output = strings.TrimSuffix(alert.Output, noPod)
		if w.drifted != nil && watch.Foreign(e) {
			w.drifted.Program(alert, e)
		}
		if e.Pending {
			alert.Output += " metadata=pending"
			alert.Fields = append(alert.Fields, falco.OutputField{Name: "bulkhead.metadata", Value: "pending"})
		}
		if w.learned != nil {
			alert.Pairs = watch.PairsOf(e)
		}
		w.take(alert)
	}
}

// take hands an alert on, unless it is of a container that nobody asked for.
func (w *watcher) take(alert *watch.Alert) {
	if alert.Source == "docker" && !w.chosen(alert.Container) {
		return
	}
	if err := w.alerts.Take(alert); err != nil {
		w.fail(err)
	}
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
