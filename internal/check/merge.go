package check

import (
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A cause is one of the things that make findings one: one fault at one place
// of one artifact, or one fault of what was declared there.
type cause struct {
	rule, message string
	span          source.Span
	path          string

	workload *model.Workload // the declared one
	network  *model.Network  // the declared one
	ordinal  int             // of the faults of these that read alike
}

// merge makes one finding of all that have one cause: a template several
// services share, a Dockerfile several services are built from, a compose
// service and the container that runs from it. It keeps the first place that
// can be edited and names the others. The order of findings is kept.
func merge(findings []finding.Finding) []finding.Finding {
	g := groups(findings)
	out := make([]finding.Finding, 0, len(findings))
	at := make([]int, len(findings)) // where in out a group stands, by its first finding
	for i := range findings {
		if first := g.first(i); first == i {
			at[i] = len(out)
			out = append(out, findings[g.best[i]])
		}
	}
	for i, f := range findings {
		if first := g.first(i); g.best[first] != i {
			out[at[first]] = join(out[at[first]], f)
		}
	}
	return out
}

// A grouping tells which findings have one cause.
type grouping struct {
	parent []int // a finding of the same group that comes before, or itself
	best   []int // of every first finding of a group: the first that has text
}

// first returns the first finding of i's group.
func (g *grouping) first(i int) int {
	for g.parent[i] != i {
		g.parent[i] = g.parent[g.parent[i]]
		i = g.parent[i]
	}
	return i
}

// unite makes one group of those of i and j.
func (g *grouping) unite(i, j int) {
	i, j = g.first(i), g.first(j)
	g.parent[max(i, j)] = min(i, j)
}

func groups(findings []finding.Finding) *grouping {
	g := &grouping{parent: make([]int, len(findings)), best: make([]int, len(findings))}
	known := make(map[cause]int, len(findings))
	alike := map[cause]int{} // how many faults of a workload that read alike came before
	for i := range findings {
		g.parent[i], g.best[i] = i, -1
		for _, c := range causes(&findings[i], alike) {
			if j, ok := known[c]; ok {
				g.unite(i, j)
			} else {
				known[c] = i
			}
		}
	}
	for i := range findings {
		if first := g.first(i); g.best[first] < 0 || !findings[g.best[first]].Span.IsValid() && findings[i].Span.IsValid() {
			g.best[first] = i
		}
	}
	return g
}

// causes returns what f shares with the findings it is one with. Faults of one
// workload that read alike are told apart by their order, which is the same in
// a service and in its containers.
func causes(f *finding.Finding, alike map[cause]int) [2]cause {
	place := cause{rule: f.Rule, message: f.Message, span: f.Span, path: f.Path}
	w := workload(f)
	if !f.Span.IsValid() && f.Image != nil && (w == nil || w.Declared == nil) {
		place.path = f.Subject // one image, however many containers run it
	}
	if w == nil && f.Network == nil {
		return [2]cause{place, place}
	}
	if !f.Span.IsValid() && f.Path == "" {
		place.workload, place.network = w, f.Network
	}
	own := cause{rule: f.Rule, message: f.Message, workload: w, network: f.Network}
	declared := own
	declared.ordinal = alike[own] + 1 // not 0: that is place's
	alike[own]++
	if w != nil && w.Declared != nil {
		declared.workload = w.Declared
	}
	if f.Network != nil && f.Network.Declared != nil {
		declared.network = f.Network.Declared
	}
	return [2]cause{place, declared}
}

// workload returns the workload f is about, be it by the image it runs, or nil
// where there is none or more than one.
func workload(f *finding.Finding) *model.Workload {
	if f.Image != nil && len(f.Image.Workloads) == 1 {
		return f.Image.Workloads[0]
	}
	return f.Workload
}

// join returns f with g as another place of the same fault. The certain and
// the worse of the two win.
func join(f, g finding.Finding) finding.Finding {
	f.Likely = f.Likely && g.Likely
	f.Severity = max(f.Severity, g.Severity)
	if len(f.Fixes) == 0 {
		f.Fixes = g.Fixes
	}
	if also := also(f, g); also != "" {
		f.Related = append(f.Related, finding.Related{Span: g.Span, Path: g.Path, Message: also})
	}
	f.Related = append(f.Related, g.Related...)
	return f
}

// also says what g adds to f: who else is concerned, or that it runs now.
func also(f, g finding.Finding) string {
	w := workload(&g)
	switch {
	case w != nil && g.Surface == model.Container && f.Surface != model.Container:
		if w.Status == "running" {
			return "also: running now as container " + w.Name
		}
		return "also: container " + w.Name + " (" + w.Status + ")"
	case g.Subject != f.Subject:
		return "also: " + g.Subject
	case g.Path != f.Path:
		return "also: " + g.Path
	}
	return ""
}
