package guard

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/model"
	"bulkhead/internal/resolve"
	"bulkhead/internal/rule"
)

// A Judged is a finding together with what is done about it.
type Judged struct {
	finding.Finding
	Mode Mode

	own bool // of a rule of ours, which bulkhead explain knows
}

// findings returns what the rules of p, and users' policies, have against what
// would run.
func (g *Guard) findings(l *lookup, p *Policy, r *apirequest.Reading) ([]Judged, error) {
	w := r.Subject
	if w == nil {
		return nil, nil
	}
	hosts, root, unknown := g.hosts(l.ctx)
	facts := *r.Facts
	facts.Hosts = hosts
	if p.wide || p.judge != nil {
		facts.Images = append(slices.Clone(facts.Images), l.stored(w)...)
		if l.err != nil {
			return nil, l.err
		}
	}
	s := resolve.System(resolve.Input{
		Site:      model.Site{Now: time.Now()},
		Facts:     []*model.Facts{&facts},
		Canonical: canonical,
	})
	if unknown != nil && slices.ContainsFunc(w.Mounts, func(m model.Mount) bool { return len(m.Host) > 0 }) {
		return nil, fmt.Errorf("the engine does not say where its own files are: %w", unknown)
	}
	out := run(p, s, w)
	out = append(out, g.protected(w, root, out)...)
	found, err := p.judged(l.ctx, s)
	return append(out, found...), err
}

// judged returns what users' policies find.
func (p *Policy) judged(ctx context.Context, s *model.System) ([]Judged, error) {
	if p.judge == nil {
		return nil, nil
	}
	found, err := p.judge.Judge(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	return found, nil
}

// run returns what the rules of p find about w alone. What rests on something
// assumed, such as the user of an image that is not here, denies nothing: once
// the image is pulled the engine is asked again.
func run(p *Policy, s *model.System, w *model.Workload) []Judged {
	var out []Judged
	only := *s
	only.Workloads = []*model.Workload{w}
	for _, c := range p.rules {
		if c.mode == Off {
			continue
		}
		for _, f := range rule.Run(c.rule, &only) {
			if f.Severity >= c.from && !f.Likely && (f.Workload == nil || f.Workload == w) {
				out = append(out, Judged{f, c.mode, true})
			}
		}
	}
	return out
}

// protected returns findings about mounts of the guard's own files and of the
// engine's, which lie where the configuration says and not where rules look.
func (g *Guard) protected(w *model.Workload, root string, known []Judged) []Judged {
	paths := slices.Clone(g.Protect)
	if root != "" {
		paths = append(paths, root)
	}
	var out []Judged
	for _, m := range w.Mounts {
		if slices.ContainsFunc(known, func(f Judged) bool { return f.Path == m.Place.Path && f.Span == m.Place.Span }) {
			continue
		}
		for _, p := range paths {
			if i := slices.IndexFunc(m.Host, func(h string) bool { return within(h, p) || within(p, h) }); i >= 0 {
				out = append(out, Judged{finding.Finding{
					Rule: "sensitive-host-mount", Severity: finding.Critical, Path: m.Place.Path, Span: m.Place.Span, Workload: w,
					Message: fmt.Sprintf("container mounts host path %s, by which it reaches %s", m.Host[i], p),
					Gain:    "read or change files that decide over the host",
					Fixes:   []finding.Fix{rule.Do(m.Delete, "do not mount "+m.Host[i])},
				}, Deny, true})
				break
			}
		}
	}
	return out
}

// within reports whether path p is dir or below it.
func within(p, dir string) bool {
	dir = path.Clean(dir)
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}
