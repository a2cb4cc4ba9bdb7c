package check

import (
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A fault is what a rule says of something. Faults that read alike have one
// number: it is compared, and hashed, faster than what they say.
type fault int

// A placed fault is at one place of one artifact. Findings of it are one.
type placed struct {
	fault    fault
	span     source.Span
	path     string
	workload *model.Workload // where there is neither span nor path
	network  *model.Network  // likewise
}

// A declared fault is one of what was declared. Findings of it are one, too.
type declared struct {
	fault    fault
	workload *model.Workload
	network  *model.Network
	ordinal  int // of the faults of these that read alike
}

// A rooted fault is one that a base image has. Images that are built on it and say
// the same of themselves have it from there.
type rooted struct {
	fault fault
	base  *model.Image
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
	faults := map[[2]string]fault{}
	places, causes := make(map[placed]int, len(findings)), map[declared]int{}
	bases, built := map[rooted]int{}, map[int]rooted{} // the faults of base images; those that others may have from one
	alike := map[declared]int{}                        // how many faults of a workload that read alike came before
	for i := range findings {
		f := &findings[i]
		g.parent[i], g.best[i] = i, -1
		n := number(faults, f)
		know(g, places, place(f, n), i)
		switch {
		case f.Image == nil:
		case f.Image.Use == model.BaseImage:
			know(g, bases, rooted{n, f.Image}, i)
		case f.Image.Root != nil:
			built[i] = rooted{n, f.Image.Root}
		}
		if own, ok := whose(f, n); ok {
			before := alike[own]
			alike[own]++
			own.ordinal = before
			know(g, causes, origin(f, own), i)
		}
	}
	for i, from := range built {
		if j, ok := bases[from]; ok {
			g.unite(i, j)
		}
	}
	for i := range findings {
		if first := g.first(i); g.best[first] < 0 || !findings[g.best[first]].Span.IsValid() && findings[i].Span.IsValid() {
			g.best[first] = i
		}
	}
	return g
}

// number returns the number of what f says.
func number(faults map[[2]string]fault, f *finding.Finding) fault {
	says := [2]string{f.Rule, f.Message}
	n, ok := faults[says]
	if !ok {
		n = fault(len(faults))
		faults[says] = n
	}
	return n
}

// know makes finding i one with the one that had the cause c before it.
func know[C comparable](g *grouping, known map[C]int, c C, i int) {
	if j, ok := known[c]; ok {
		g.unite(i, j)
	} else {
		known[c] = i
	}
}

// place returns where the fault of f is.
func place(f *finding.Finding, n fault) placed {
	p := placed{fault: n, span: f.Span, path: f.Path}
	w := workload(f)
	if !f.Span.IsValid() && f.Image != nil && (w == nil || w.Declared == nil) {
		p.path = f.Subject // one image, however many containers run it
	}
	if !f.Span.IsValid() && f.Path == "" {
		p.workload, p.network = w, f.Network
	}
	return p
}

// whose returns the fault of the workload or network that f is about, if there
// is one. Faults of one workload that read alike are told apart by their order,
// which is the same in a service and in its containers.
func whose(f *finding.Finding, n fault) (own declared, ok bool) {
	w := workload(f)
	return declared{fault: n, workload: w, network: f.Network}, w != nil || f.Network != nil
}

// origin returns the fault own of f as one of what was declared.
func origin(f *finding.Finding, own declared) declared {
	if own.workload != nil && own.workload.Declared != nil {
		own.workload = own.workload.Declared
	}
	if f.Network != nil && f.Network.Declared != nil {
		own.network = f.Network.Declared
	}
	return own
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
