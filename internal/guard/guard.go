// Package guard decides over requests to the engine's API: what would run if
// they were granted is read into the model that check judges, and the same
// rules say whether it may.
package guard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bulkhead/internal/engine"
	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/frontend/container"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// An Engine answers for what a request only names.
type Engine interface {
	// Object returns the engine's JSON of one object; the error wraps
	// engine.ErrNotFound where there is none.
	Object(ctx context.Context, kind engine.Kind, name string) (*source.File, error)

	// Info returns the JSON of docker info.
	Info(ctx context.Context) (*source.File, error)
}

// A Judge is users' own policies: it returns what they find about the first
// workload of s, which is what would run. An error denies.
type Judge interface {
	Judge(ctx context.Context, s *model.System) ([]Judged, error)
}

// A Request is one request to the engine, as its plugin interface tells it.
type Request struct {
	Method, URI string
	Headers     map[string]string
	Body        []byte
	User        string // of the client's certificate; "" on a Unix socket of the engine
	Auth        string // how User was told: "TLS"
	Peer        string // what else is known of the client, for the journal
}

// A Refusal is one reason against a request.
type Refusal struct {
	Rule     string // or what else denies: "route", "volume driver"
	Severity finding.Severity
	Message  string
	Gain     string // see finding.Finding
	Asked    string // as the user wrote it, where that is known
	Mode     Mode
	Reason   string // of the exception that set Mode

	path string
	rule bool // it is a rule that bulkhead explain knows
}

// A Decision is the answer to a request.
type Decision struct {
	Allow     bool
	Refusals  []Refusal // those in mode audit too
	Use       string    // the command line to use instead; "" where none is known to do
	Hint      string    // what to do where no command line will do; "" where that is not known
	ID        string    // for bulkhead guard allow
	Granted   string    // why it is allowed all the same: "exception", "emergency", "audit"
	Route     string    // "POST /containers/create"
	Asked     string    // the docker run line, credentials left out
	Container string    // the container it is about
	Image     string

	hash string
}

// A Guard decides. It is safe for use by several goroutines.
type Guard struct {
	Engine  Engine
	State   *State
	Journal *Journal
	Protect []string      // paths of the host that no container may have: its own
	Timeout time.Duration // of one decision

	policy atomic.Pointer[Policy]
	host   hostCache

	// granted holds, by their hash, the exceptions of requests to make a
	// container that are under way.
	granted sync.Map
	made    made
}

// A hostCache remembers docker info for a while: the engine's defaults change
// only when it is restarted or told to read its configuration again.
type hostCache struct {
	mu    sync.Mutex
	hosts []*model.Host
	root  string // the engine's data directory
	read  time.Time
	known bool // it was read once
}

// SetPolicy makes p hold for every request that begins from now on.
func (g *Guard) SetPolicy(p *Policy) { g.policy.Store(p) }

// errTime is the reason where the engine does not answer in time.
var errTime = errors.New("there was no time to judge it")

// Decide answers r, and writes the answer into the journal.
func (g *Guard) Decide(ctx context.Context, r Request) Decision {
	start := time.Now()
	p := g.policy.Load()
	d := g.decide(ctx, p, r)
	if len(d.Refusals) > 0 {
		d.hash = hash(r)
	}
	g.settle(&d)
	g.Journal.write(p, r, d, time.Since(start))
	return d
}

// settle makes the answer of the refusals: exceptions and the emergency switch
// count only where something is denied.
func (g *Guard) settle(d *Decision) {
	d.Allow = !slices.ContainsFunc(d.Refusals, func(f Refusal) bool { return f.Mode == Deny })
	switch {
	case d.Allow && len(d.Refusals) > 0:
		d.Granted = "audit"
	case d.Allow:
	case g.taken(d):
		d.Allow, d.Granted = true, "exception"
	case g.State.emergency():
		d.Allow, d.Granted = true, "emergency"
	default:
		d.ID = g.State.deny(d)
	}
}

// taken reports whether an exception lets d's request through. That for what
// has to be started then is kept until the engine has answered.
func (g *Guard) taken(d *Decision) bool {
	grant, ok := g.State.take(d)
	if ok && (d.Route == "POST /containers/create" || strings.HasSuffix(d.Route, "/exec")) {
		g.granted.Store(d.hash, grant)
	}
	return ok
}

// decide returns the refusals of r.
func (g *Guard) decide(ctx context.Context, p *Policy, r Request) Decision {
	var d Decision
	refuse := func(kind, message string) {
		d.Refusals = append(d.Refusals, Refusal{Rule: kind, Severity: finding.High, Message: message, Mode: g.modeFor(p, r, kind)})
	}
	req, err := apirequest.Parse(r.Method, r.URI, r.Headers, r.Body)
	if err != nil {
		refuse("request", err.Error())
		return d
	}
	d.Route = req.Method + " " + req.Path
	found := find(req)
	if len(found) == 0 {
		why := "no route that is known, so what it does cannot be judged"
		if strings.HasPrefix(req.Path, podman) {
			why = unknownPodman
		}
		refuse("route", fmt.Sprintf("%s %s is %s", r.Method, req.Path, why))
		return d
	}
	if why := p.permitted(req, &g.made); why != "" {
		refuse("call", why)
		return d
	}
	for _, m := range found {
		switch v := p.verdictOf(m.route); {
		case v == denied && m.why != "":
			refuse("route", fmt.Sprintf("%s is denied: it %s", m.name(), m.why))
		case v == denied:
			refuse("route", fmt.Sprintf("the policy denies %s", m.name()))
		case v == buildkit || m.opaque(req) && !p.permits("builder", "BuildKit"):
			refuse("buildkit", "what BuildKit is asked to do travels where nobody else can read it; use DOCKER_BUILDKIT=0 docker build")
		case v == judged && !m.opaque(req):
			g.judge(ctx, p, r, req, m, &d)
		}
	}
	return d
}

// modeFor returns the mode of what no rule is about.
func (g *Guard) modeFor(p *Policy, r Request, kind string) Mode {
	m, _ := p.modeOf(Deny, asked{user: r.User, rule: kind, now: time.Now()})
	return m
}

// judge reads what m would run and adds what is against it.
func (g *Guard) judge(ctx context.Context, p *Policy, r Request, req *apirequest.Request, m match, d *Decision) {
	ctx, cancel := context.WithTimeout(ctx, g.Timeout)
	defer cancel()
	l := &lookup{ctx: ctx, engine: g.Engine}
	reading, err := m.read(req, l.options(), m.part)
	switch {
	case ctx.Err() != nil:
		err = errTime
	case err == nil && l.err != nil:
		err = l.err
	}
	if err != nil {
		d.Refusals = append(d.Refusals, Refusal{Rule: "request", Severity: finding.High, Message: err.Error(), Mode: g.modeFor(p, r, "request")})
		return
	}
	w := reading.Subject
	if w != nil {
		d.Container, d.Image = w.Container, w.Image.Name
		if w.Engine != "" {
			d.Container = w.Name
		}
		if reading.Existing && g.State.exempt(w.Engine) || g.State.exempt(reading.Exec) {
			d.Granted = "exception"
			return
		}
	}
	d.Asked = printable(reading.Args)
	found, err := g.findings(l, p, reading)
	if err != nil {
		d.Refusals = append(d.Refusals, Refusal{Rule: "policy", Severity: finding.High, Message: err.Error(), Mode: g.modeFor(p, r, "policy")})
		return
	}
	refusals := l.weigh(p, r, reading, refusalsOf(found))
	if len(reading.Args) > 0 && slices.ContainsFunc(refusals, func(f Refusal) bool { return f.Mode == Deny }) {
		d.Use, d.Hint = g.instead(ctx, p, reading, refusals), hint(reading)
		if d.Hint != "" {
			d.Use = ""
		}
	}
	d.Refusals = append(d.Refusals, refusals...)
}

// weigh adds to refusals what reading asks for that no rule is about, and
// returns those that the policy's modes and exceptions leave.
func (l *lookup) weigh(p *Policy, r Request, reading *apirequest.Reading, refusals []Refusal) []Refusal {
	for _, b := range reading.Beyond {
		if !p.permits(b.Kind, b.Value) {
			refusals = append(refusals, refusalOf(b))
		}
	}
	if len(refusals) == 0 {
		return nil
	}
	w := reading.Subject
	a := asked{user: r.User, labels: labels(w), now: time.Now()}
	if p.byImage() && w != nil {
		a.images = l.images(w)
	}
	for i := range refusals {
		f := &refusals[i]
		a.rule = f.Rule
		f.Mode, f.Reason = p.modeOf(f.Mode, a)
	}
	return slices.DeleteFunc(refusals, func(f Refusal) bool { return f.Mode == Off })
}

func labels(w *model.Workload) map[string]string {
	out := map[string]string{}
	if w == nil {
		return out
	}
	for _, l := range w.Labels {
		out[l.Name] = l.Value.Value
	}
	return out
}

// refusalOf returns the refusal of what the model has no word for.
func refusalOf(b container.Beyond) Refusal {
	return Refusal{
		Rule: b.Kind, Severity: finding.High, Mode: Deny, path: b.Path,
		Message: fmt.Sprintf("%s %s is not among those that the policy allows", b.Kind, redacted(b.Value)),
		Asked:   redacted(b.Value),
	}
}

// refusalsOf returns a refusal for each finding.
func refusalsOf(found []Judged) []Refusal {
	var out []Refusal
	for _, f := range found {
		out = append(out, Refusal{
			Rule: f.Rule, Severity: f.Severity, Message: f.Message, Gain: f.Gain, Mode: f.Mode,
			path: f.Path, rule: f.own,
		})
	}
	return out
}

// hosts returns the engine's configuration and its data directory, as they
// were at most hostLife ago or, while the engine does not say, when it last did.
// One request asks for them, others do not wait unless nothing was ever known.
// The error says that nothing is.
func (g *Guard) hosts(ctx context.Context) ([]*model.Host, string, error) {
	h := &g.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.read) < hostLife && h.known {
		return h.hosts, h.root, nil
	}
	if !h.known { // whoever comes meanwhile waits for the lock
		return h.ask(ctx, g.Engine)
	}
	h.read = time.Now()
	h.mu.Unlock()
	hosts, root, err := readInfo(ctx, g.Engine)
	h.mu.Lock()
	if err == nil {
		h.hosts, h.root = hosts, root
	}
	return h.hosts, h.root, nil
}

// ask asks for the first time.
func (h *hostCache) ask(ctx context.Context, e Engine) ([]*model.Host, string, error) {
	hosts, root, err := readInfo(ctx, e)
	if err == nil {
		h.hosts, h.root, h.read, h.known = hosts, root, time.Now(), true
	}
	return hosts, root, err
}

// hostLife is how long docker info is taken for true.
const hostLife = time.Minute
