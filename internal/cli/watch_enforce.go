package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"bulkhead/internal/falco"
	"bulkhead/internal/report"
	"bulkhead/internal/sensor"
	"bulkhead/internal/watch"
)

// watchEnforce are the flags that say what containers are kept from, and what
// comes of them.
type watchEnforce struct {
	wanted  []string
	allowed []string

	policies []enforcePolicy
	networks []netip.Prefix
	enforcer *sensor.Enforcer
	module   bool // BPF-LSM is in use
	app      *app
	mu       sync.Mutex
	failed   []error
}

// An enforcePolicy is what containers of a name are kept from.
type enforcePolicy struct {
	pattern string
	what    string // "drift" or "egress"
	mode    sensor.Mode
}

func (e *watchEnforce) register(f *pflag.FlagSet) {
	f.StringArrayVar(&e.wanted, "enforce", nil,
		"keep containers whose name matches from it: `NAME:WHAT=MODE`, where WHAT is drift or egress and MODE off, audit or deny; the last that matches counts; may be repeated")
	f.StringArrayVar(&e.allowed, "allow-egress", nil, "with egress, connections to this `network`, such as 10.0.0.0/8, are allowed; may be repeated")
}

// check reads the flags.
func (e *watchEnforce) check(noEngine bool) error {
	if len(e.wanted) == 0 && len(e.allowed) > 0 {
		return usage("write --enforce 'web:egress=deny'", "--allow-egress needs --enforce")
	}
	for _, w := range e.wanted {
		left, mode, ok := strings.Cut(w, "=")
		i := strings.LastIndexByte(left, ':')
		if !ok || i <= 0 || left[i+1:] != "drift" && left[i+1:] != "egress" {
			return usage("write NAME:drift=deny or NAME:egress=audit; * is every container", "cannot enforce %q", w)
		}
		m, err := sensor.ParseMode(mode)
		if err != nil {
			return usage("", "%v", err)
		}
		e.policies = append(e.policies, enforcePolicy{left[:i], left[i+1:], m})
	}
	for _, a := range e.allowed {
		p, err := netip.ParsePrefix(a)
		if err != nil {
			addr, addrErr := netip.ParseAddr(a)
			if addrErr != nil {
				return usage("a network reads 10.0.0.0/8 or fd00::/8", "%q is no network", a)
			}
			p = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())
		}
		e.networks = append(e.networks, p.Masked())
	}
	if len(e.wanted) > 0 && noEngine {
		return usage("", "--enforce needs the engine that --no-engine leaves out")
	}
	return nil
}

// mode returns what a container is kept from.
func (e *watchEnforce) mode(name, what string) sensor.Mode {
	m := sensor.Off
	for _, p := range e.policies {
		if p.what == what && falco.Glob(p.pattern, name) {
			m = p.mode
		}
	}
	return m
}

// open loads what enforces.
func (e *watchEnforce) open(a *app) error {
	e.app = a
	if len(e.policies) == 0 {
		return nil
	}
	var err error
	if e.enforcer, err = sensor.NewEnforcer(); err != nil {
		return fmt.Errorf("nothing is enforced: %w", err)
	}
	if slices.ContainsFunc(e.policies, func(p enforcePolicy) bool { return p.what == "drift" && p.mode != sensor.Off }) {
		err := e.enforcer.Module()
		if err != nil {
			a.say(report.Printable("bulkhead: BPF-LSM is not available: " + err.Error()))
		}
		e.module = err == nil
	}
	return nil
}

// begin enforces on a container that the engine has described, and says what is
// in force and what is not.
func (e *watchEnforce) begin(d *watch.Details) {
	if d == nil {
		return // it went away
	}
	c := d.Container
	if m := e.mode(c.Name, "drift"); m != sensor.Off {
		how, err := e.keepPrograms(d, m)
		e.say(c, "drift", m, how, err)
	}
	if m := e.mode(c.Name, "egress"); m != sensor.Off {
		e.say(c, "egress", m, "at connect and sendmsg, IPv4 and IPv6", e.enforcer.Egress(c.ID, m, e.networks))
	}
}

// keepPrograms keeps a container from programs that are not of its image, and says
// how: through BPF-LSM, else by refusing them and by killing what is not refused.
// The error is that none works.
func (e *watchEnforce) keepPrograms(d *watch.Details, m sensor.Mode) (how string, err error) {
	id := d.Container.ID
	if e.module && d.Upper != "" { // BPF-LSM tells by the layer what the container has written
		if err := e.enforcer.Refuse(id, m); err == nil {
			return "at exec, and where libraries are loaded: refused by BPF-LSM", nil
		}
	}
	killing := e.enforcer.Programs(id, m)
	if m != sensor.Deny {
		return "", killing
	}
	refusing := e.enforcer.Files(id, d.PID, d.Upper)
	switch {
	case killing == nil && refusing == nil:
		return "at exec: refused, or killed where it is no file", nil
	case killing == nil:
		return "at exec: killed before the first instruction; refusing is not in force: " + refusing.Error(), nil
	case refusing == nil:
		return "at exec: refused; killing what is no file is not in force: " + killing.Error(), nil
	}
	return "", errors.Join(killing, refusing)
}

// say says what came of a policy. A failure makes the watch fail at its end.
func (e *watchEnforce) say(c *sensor.Container, what string, m sensor.Mode, how string, err error) {
	said := fmt.Sprintf("%s: %s=%s is in force %s", c.Name, what, m, how)
	switch {
	case errors.Is(err, os.ErrClosed): // the watch has ended
		return
	case err != nil:
		said = fmt.Sprintf("%s: %s=%s is NOT in force: %v", c.Name, what, m, err)
		e.mu.Lock()
		e.failed = append(e.failed, fmt.Errorf("%s: %s was not enforced: %w", c.Name, what, err))
		e.mu.Unlock()
	case m == sensor.Audit:
		said = fmt.Sprintf("%s: %s=audit tells and denies nothing", c.Name, what)
	}
	e.app.say(report.Printable("bulkhead: " + said))
}

// run makes alerts of verdicts until ctx is done.
func (e *watchEnforce) run(ctx context.Context, known func(id string) *watch.Details, take func(*watch.Alert)) error {
	return e.enforcer.Run(ctx, func(v *sensor.Verdict) { take(watch.OfVerdict(v, known(v.Container))) })
}

// close ends what was enforced.
func (e *watchEnforce) close() error {
	if e.enforcer == nil {
		return nil
	}
	lost, err := e.enforcer.Lost()
	if lost > 0 {
		e.app.say(fmt.Sprintf("bulkhead: warning: %s not told for want of room", count64(lost, "verdict")))
	}
	return errors.Join(append(e.failed, err, e.enforcer.Close())...)
}
