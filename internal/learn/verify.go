package learn

import (
	"fmt"
	"slices"
	"strings"
)

// maxTries bounds how often what a trial lacked is given back to it.
const maxTries = 6

// verify runs the service under what follows from r, and takes back what it does
// not work under: what the trial shows that it lacked, or else one measure.
func (l *learner) verify(r *Learned) error {
	h := &hardening{
		dropAll: true, capabilities: r.Capabilities, noNewPrivileges: true,
		readOnly: !slices.ContainsFunc(r.Writable, func(p Place) bool { return p.Path == "/" }), places: r.Writable,
		seccomp: l.table.profile(r.Calls, r.Capabilities, r.Compat), noNetwork: l.alone(r),
	}
	if !h.readOnly {
		r.back("a read-only root file system: files are written to / itself")
	}
	failure, err := l.adjust(r, h)
	if err != nil {
		return err
	}
	if failure != "" {
		if h, failure, err = l.without(r, h, failure); err != nil {
			return err
		}
	}
	if failure == "" && l.Exhaustive && h.dropAll {
		if err := l.minimize(r, h); err != nil {
			return err
		}
	}
	r.Capabilities, r.Profile = h.capabilities, l.table.profile(r.Calls, h.capabilities, r.Compat)
	r.Measures = Measures{Seccomp: h.seccomp != nil, Capabilities: h.dropAll, NoNewPrivileges: h.noNewPrivileges, ReadOnly: h.readOnly, NoNetwork: h.noNetwork}
	if missing := r.Profile.Missing(); len(missing) > 0 && failure == "" {
		failure = "no container starts without " + strings.Join(missing, ", ")
	}
	r.Verified, r.Failure = failure == "", failure
	return nil
}

func (r *Learned) back(what string) { r.Backed = append(r.Backed, what) }

// try runs the service under h and returns why it does not pass.
func (l *learner) try(r *Learned, h *hardening, to course) (string, *outcome, error) {
	o, err := l.trial(h, to)
	if err != nil {
		return "", nil, err
	}
	if o.failure == "" && o.exit != r.ExitCode {
		return fmt.Sprintf("it ends with %d on its stop signal, not with %d", o.exit, r.ExitCode), o, nil
	}
	return o.failure, o, nil
}

// adjust runs the service under h and gives it back what it lacked, until it
// passes or nothing is seen to lack.
func (l *learner) adjust(r *Learned, h *hardening) (string, error) {
	for n := 1; ; n++ {
		failure, o, err := l.try(r, h, throughRestart)
		if err != nil {
			return "", err
		}
		l.tell(h, failure)
		if failure == "" {
			r.Denied = merged(r.Denied, sorted(o.use.denied)) // it does without
		}
		if failure == "" || n == maxTries || !l.giveBack(r, h, o) {
			return failure, nil
		}
	}
}

// tell says what came of a trial.
func (l *learner) tell(h *hardening, failure string) {
	if failure == "" {
		failure = "passes, also after a restart"
	}
	var under []string
	for _, m := range h.measures() {
		if *m.on {
			under = append(under, m.name)
		}
	}
	l.say("under " + strings.Join(under, ", ") + ": " + failure)
}

// A measure is one part of a hardening that can be left out.
type measure struct {
	name string
	on   *bool
}

func (h *hardening) measures() []measure {
	profile := h.seccomp != nil
	return []measure{
		{"no new privileges", &h.noNewPrivileges},
		{"a read-only root file system", &h.readOnly},
		{"no network", &h.noNetwork},
		{"its capabilities alone", &h.dropAll},
		{"its seccomp profile", &profile},
	}
}

// giveBack adds to h what a trial lacked, and reports whether there was any.
func (l *learner) giveBack(r *Learned, h *hardening, o *outcome) bool {
	found := false
	for _, name := range l.table.names(o.use.refused) {
		if h.seccomp != nil && !slices.Contains(r.Refused, name) && !slices.Contains(r.Calls, name) && slices.Contains(r.Granted.Calls, name) {
			found = true
			r.Calls = merged(r.Calls, []string{name})
			r.back("the refusal of the system call " + name + ", which no run before had made")
		}
	}
	for _, name := range capabilities(o.use.missing) {
		if h.dropAll && slices.Contains(r.Granted.Capabilities, name) && !slices.Contains(h.capabilities, name) {
			found = true
			h.capabilities = merged(h.capabilities, []string{name})
			r.Asked = merged(r.Asked, []string{name})
			r.back("the removal of " + name + ", which no run before had asked for")
		}
	}
	if h.readOnly {
		found = l.openPlaces(r, h, o) || found
	}
	if found && h.seccomp != nil {
		h.seccomp = l.table.profile(r.Calls, h.capabilities, r.Compat)
	}
	return found
}

// openPlaces makes the folders writable that a trial could not write to.
func (l *learner) openPlaces(r *Learned, h *hardening, o *outcome) bool {
	found := false
	for name := range o.use.denied {
		dir := o.use.home(name)
		known := slices.ContainsFunc(h.places, func(p Place) bool { return below(dir, []string{p.Path}) })
		if known || dir == "/" || below(dir, given) || slices.Contains(r.Denied, name) {
			continue
		}
		found = true
		h.places = append(h.places, o.use.place(dir, []string{name}))
		r.Writable = h.places
		r.back("the protection of " + dir + ", where it writes " + name)
	}
	if found {
		return true
	}
	kept := h.keep(func(p Place) bool { return l.folders[p.Path].filled })
	if len(kept) == 0 {
		kept = h.keep(func(Place) bool { return true })
	}
	if len(kept) > 0 {
		r.Writable = h.places
		r.back("memory at " + strings.Join(kept, ", ") + ": it may need what the image has there, and gets volumes")
	}
	return len(kept) > 0
}

// keep makes volumes of the places in memory that are to be, and returns where they
// are.
func (h *hardening) keep(of func(Place) bool) []string {
	var out []string
	h.places = slices.Clone(h.places)
	for i, p := range h.places {
		if !p.Keep && of(p) {
			out = append(out, p.Path)
			h.places[i].Keep = true
		}
	}
	return out
}

// without tries h without one of its measures at a time and returns the first that
// passes.
func (l *learner) without(r *Learned, h *hardening, failure string) (*hardening, string, error) {
	for _, leave := range []struct {
		name string
		on   bool
		out  func(*hardening)
	}{
		{"no network", h.noNetwork, func(h *hardening) { h.noNetwork = false }},
		{"no new privileges", h.noNewPrivileges, func(h *hardening) { h.noNewPrivileges = false }},
		{"a read-only root file system", h.readOnly, func(h *hardening) { h.readOnly = false }},
		{"dropping capabilities", h.dropAll, func(h *hardening) { h.dropAll, h.capabilities = false, r.Granted.Capabilities }},
		{"the seccomp profile", h.seccomp != nil, func(h *hardening) { h.seccomp = nil }},
	} {
		if !leave.on {
			continue
		}
		less := *h
		leave.out(&less)
		why, _, err := l.try(r, &less, throughRestart)
		if err != nil {
			return nil, "", err
		}
		l.tell(&less, why)
		if why == "" {
			r.back(leave.name + ": with it, " + failure)
			return &less, "", nil
		}
	}
	return h, failure, nil
}

// minimize tries without each capability. Being asked for is not being needed: the
// kernel asks root for DAC_OVERRIDE on files that anybody may read.
func (l *learner) minimize(r *Learned, h *hardening) error {
	full := h.capabilities
	for _, name := range full {
		less := *h
		less.capabilities = slices.DeleteFunc(slices.Clone(h.capabilities), func(c string) bool { return c == name })
		failure, _, err := l.try(r, &less, throughTest)
		if err != nil {
			return err
		}
		if failure == "" {
			l.say("without " + name + ": passes")
			h.capabilities = less.capabilities
		} else {
			l.say("without " + name + ": " + failure)
		}
	}
	if len(h.capabilities) == len(full) {
		return nil
	}
	h.seccomp = l.reprofile(r, h)
	failure, _, err := l.try(r, h, throughRestart)
	if err != nil {
		return err
	}
	l.tell(h, failure)
	if failure != "" {
		h.capabilities = full
		h.seccomp = l.reprofile(r, h)
		r.back("the removal of capabilities that it passes without one by one, but not together: " + failure)
	}
	return nil
}

// reprofile returns the profile for the capabilities that h has, nil where it has
// none.
func (l *learner) reprofile(r *Learned, h *hardening) *Profile {
	if h.seccomp == nil {
		return nil
	}
	return l.table.profile(r.Calls, h.capabilities, r.Compat)
}
