package cli

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"bulkhead/internal/engine"
	"bulkhead/internal/falco"
	"bulkhead/internal/nearest"
	"bulkhead/internal/report"
	"bulkhead/internal/watch"
)

// watchResponses are the flags that say what is done about alerts.
type watchResponses struct {
	wanted []string
	only   []string
	audit  string
	apply  bool

	reactions []watch.Reaction
}

func (r *watchResponses) register(f *pflag.FlagSet) {
	f.StringArrayVar(&r.wanted, "respond", nil,
		"do `[RULE=]ACTION` to the container of an alert: pause, disconnect, stop or kill; without a rule for every alert of priority critical or higher; may be repeated")
	f.StringArrayVar(&r.only, "respond-to", nil, "respond to containers only whose name or image matches `PATTERN`, such as shop-*; may be repeated (default all)")
	f.StringVar(&r.audit, "audit", "", "append a record of every response to `FILE`, one JSON object a line (default standard error)")
	f.BoolVar(&r.apply, "apply", false, "carry responses out; without it they are recorded only")
}

// check reads the flags.
func (r *watchResponses) check(noEngine bool) error {
	if len(r.wanted) == 0 && (r.apply || r.audit != "" || len(r.only) > 0) {
		return usage("write --respond pause, or --respond 'RULE=pause'", "there is no response to apply, to record or to allow")
	}
	for _, w := range r.wanted {
		i := strings.LastIndexByte(w, '=')
		reaction := watch.Reaction{Least: falco.Critical}
		if i >= 0 {
			reaction.Rule, reaction.Least = w[:i], falco.Debug
		}
		var ok bool
		if reaction.Response, ok = watch.ParseResponse(w[i+1:]); !ok || i == 0 {
			return usage("responses are pause, disconnect, stop and kill", "unknown response %q", w)
		}
		r.reactions = append(r.reactions, reaction)
	}
	if len(r.wanted) > 0 && noEngine {
		return usage("", "--respond needs the engine that --no-engine leaves out")
	}
	return nil
}

// known is an error where a response is for a rule that there is not: it would wait
// for ever.
func (r *watchResponses) known(rules []*falco.Rule) error {
	var names []string
	for _, rule := range rules {
		names = append(names, rule.Name)
	}
	for _, rule := range watch.Rules() {
		names = append(names, rule.Name)
	}
	for _, reaction := range r.reactions {
		if reaction.Rule == "" || slices.Contains(names, reaction.Rule) {
			continue
		}
		if near := nearest.Of(reaction.Rule, names); near != "" {
			return usage("", "--respond: no rule is called %q, did you mean %q?", reaction.Rule, near)
		}
		return usage("without --rules, docs/guide/watch.md lists them", "--respond: no rule is called %q", reaction.Rule)
	}
	return nil
}

// open returns what responds to alerts, and what ends it.
func (r *watchResponses) open(a *app, e *engine.Engine) (func(*watch.Alert), func() error, error) {
	out := io.Discard
	end := func() error { return nil }
	if r.audit != "" {
		f, err := os.OpenFile(r.audit, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			return nil, nil, fmt.Errorf("open the record of responses: %w", err)
		}
		out, end = f, f.Close
	}
	responder := watch.NewResponder(watch.ResponderOptions{
		Engine: e, Reactions: r.reactions, Apply: r.apply, Allowed: r.allowed, Audit: out,
		Told: func(done *watch.Audit) {
			line := fmt.Sprintf("bulkhead: %s %s: %s (%s)", done.Response, done.Container, done.Result, done.Rule)
			if done.Error != "" {
				line += ": " + done.Error
			}
			a.say(report.Printable(line))
		},
	})
	return responder.Seen, func() error {
		err := responder.Close()
		if closed := end(); err == nil {
			err = closed
		}
		return err
	}, nil
}

func (r *watchResponses) allowed(name, image string) bool {
	for _, p := range r.only {
		if falco.Glob(p, name) || falco.Glob(p, image) {
			return true
		}
	}
	return len(r.only) == 0
}
