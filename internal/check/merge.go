package check

import (
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A cause is what findings are merged by: one fault of one artifact, or of
// what was started from it.
type cause struct {
	rule, message string
	span          source.Span
	workload      *model.Workload // the declared one, where there is no text of its own
	path          string
}

// merge makes one finding of all that have one cause: a template several
// services share, a Dockerfile several services are built from, a compose
// service and the container that runs from it. It keeps the first place that
// can be edited and names the others. The order of findings is kept.
func merge(findings []finding.Finding) []finding.Finding {
	out := make([]finding.Finding, 0, len(findings))
	at := make(map[cause]int, len(findings))
	for _, f := range findings {
		c := causeOf(f)
		if i, ok := at[c]; ok {
			out[i] = join(out[i], f)
			continue
		}
		at[c] = len(out)
		if d := declared(f); d != nil {
			// A running container may come before or after its service.
			twin := cause{rule: f.Rule, message: f.Message, workload: d}
			if i, ok := at[twin]; ok {
				out[i] = join(out[i], f)
				continue
			}
			at[twin] = len(out)
		} else if f.Workload != nil {
			twin := cause{rule: f.Rule, message: f.Message, workload: f.Workload}
			if i, ok := at[twin]; ok && out[i].Workload != f.Workload {
				out[i] = join(f, out[i])
				continue
			}
			at[twin] = len(out)
		}
		out = append(out, f)
	}
	return out
}

func causeOf(f finding.Finding) cause {
	c := cause{rule: f.Rule, message: f.Message, span: f.Span, path: f.Path}
	switch {
	case f.Span.IsValid():
	case f.Image != nil:
		c.path = f.Subject // one image, however many containers run it
	case f.Path == "":
		c.workload = f.Workload
	}
	return c
}

// declared returns the workload f's container was started from.
func declared(f finding.Finding) *model.Workload {
	if f.Workload == nil {
		return nil
	}
	return f.Workload.Declared
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
	switch {
	case g.Workload != nil && g.Surface == model.Container && f.Surface != model.Container:
		if g.Workload.Status == "running" {
			return "also: running now as container " + g.Subject
		}
		return "also: container " + g.Subject + " (" + g.Workload.Status + ")"
	case g.Subject != f.Subject:
		return "also: " + g.Subject
	case g.Path != f.Path:
		return "also: " + g.Path
	}
	return ""
}
