package guard

import (
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

// A judgedFinding is a finding together with what its rule's mode is.
type judgedFinding struct {
	finding.Finding
	mode Mode
}

// findings returns what the rules of p, and users' policies, have against what
// would run.
func (g *Guard) findings(l *lookup, p *Policy, r *apirequest.Reading) ([]judgedFinding, error) {
	w := r.Subject
	if w == nil {
		return nil, nil
	}
	hosts, root := g.hosts(l.ctx)
	facts := *r.Facts
	facts.Hosts = hosts
	if p.wide || g.Judge != nil {
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
	out := run(p, s, w)
	out = append(out, g.protected(w, root, out)...)
	if g.Judge == nil {
		return out, nil
	}
	found, err := g.Judge.Judge(l.ctx, s)
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	for _, f := range found {
		out = append(out, judgedFinding{f, Deny})
	}
	return out, nil
}

// run returns what the rules of p find about w alone. What rests on something
// assumed, such as the user of an image that is not here, denies nothing: once
// the image is pulled the engine is asked again.
func run(p *Policy, s *model.System, w *model.Workload) []judgedFinding {
	var out []judgedFinding
	only := *s
	only.Workloads = []*model.Workload{w}
	for _, c := range p.rules {
		if c.mode == Off {
			continue
		}
		for _, f := range rule.Run(c.rule, &only) {
			if f.Severity >= c.from && !f.Likely && (f.Workload == nil || f.Workload == w) {
				out = append(out, judgedFinding{f, c.mode})
			}
		}
	}
	return out
}

// protected returns findings about mounts of the guard's own files and of the
// engine's, which lie where the configuration says and not where rules look.
func (g *Guard) protected(w *model.Workload, root string, known []judgedFinding) []judgedFinding {
	paths := slices.Clone(g.Protect)
	if root != "" {
		paths = append(paths, root)
	}
	var out []judgedFinding
	for _, m := range w.Mounts {
		if slices.ContainsFunc(known, func(f judgedFinding) bool { return f.Path == m.Place.Path && f.Span == m.Place.Span }) {
			continue
		}
		for _, p := range paths {
			if i := slices.IndexFunc(m.Host, func(h string) bool { return within(h, p) || within(p, h) }); i >= 0 {
				out = append(out, judgedFinding{finding.Finding{
					Rule: "sensitive-host-mount", Severity: finding.Critical, Path: m.Place.Path, Span: m.Place.Span, Workload: w,
					Message: fmt.Sprintf("container mounts host path %s, by which it reaches %s", m.Host[i], p),
					Gain:    "read or change files that decide over the host",
					Fixes:   []finding.Fix{rule.Do(m.Delete, "do not mount "+m.Host[i])},
				}, Deny})
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
