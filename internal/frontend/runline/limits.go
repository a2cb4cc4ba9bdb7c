package runline

import (
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// limits reads what the container may use.
func (l *line) limits(w *model.Workload) {
	w.Memory = value(l, "memory", 0, bytesForm())
	w.MemorySwap = value(l, "memory-swap", 0, bytesForm())
	w.MemoryReservation = value(l, "memory-reservation", 0, bytesForm())
	w.CPUs = l.cpus()
	w.CPUReservation.State = model.Unknown // docker run has none
	w.PIDs = value(l, "pids-limit", 0, intForm())
	w.OOMKillDisable = flagFact(l, "oom-kill-disable")
	for _, f := range l.all("ulimit") {
		if u, ok := l.ulimit(f); ok {
			w.Ulimits = append(w.Ulimits, u)
		}
	}
}

// cpus reads --cpus, else the same said by --cpu-quota.
func (l *line) cpus() model.Fact[float64] {
	out := value(l, "cpus", 0, floatForm())
	quota := l.last("cpu-quota")
	if l.last("cpus") != nil || quota == nil {
		return out
	}
	said, period := value(l, "cpu-quota", 0, intForm()), value(l, "cpu-period", 100_000, intForm())
	out.State, out.Span, out.Likely, out.Delete = said.State, said.Span, said.Likely, said.Delete
	out.Edit = nil // --cpus and --cpu-quota exclude each other
	if period.State == model.Unknown {
		out.State = model.Unknown
	}
	if said.Value > 0 && period.Value > 0 {
		out.Value = float64(said.Value) / float64(period.Value)
	}
	return out
}

// ulimit reads name=soft[:hard].
func (l *line) ulimit(f *flag) (model.Ulimit, bool) {
	s := f.string()
	name, values, ok := strings.Cut(s, "=")
	if !ok || strings.Contains(name, hole) {
		return model.Ulimit{}, false
	}
	soft, _, two := strings.Cut(values, ":")
	at := len(name) + 1
	u := model.Ulimit{Name: name, Soft: number(f.part(at, at+len(soft)))}
	u.Hard = u.Soft
	if two {
		u.Hard = number(f.part(at+len(soft)+1, len(s)))
	}
	u.Soft.Delete = l.delete(f)
	u.Hard.Delete = u.Soft.Delete
	return u, true
}

// number returns said as a number; what is none is not known.
func number(said model.Fact[string]) model.Fact[int64] {
	n, err := strconv.ParseInt(said.Value, 10, 64)
	out := model.Fact[int64]{Value: n, State: said.State, Span: said.Span, Likely: said.Likely}
	if err != nil {
		out.State = model.Unknown
	}
	if said.Edit != nil {
		out.Edit = func(v int64) []source.Edit { return said.Edit(strconv.FormatInt(v, 10)) }
	}
	return out
}

// upkeep reads what keeps the container going: log, restart, health.
func (l *line) upkeep(w *model.Workload) {
	w.Log = l.log()
	w.Restart = value(l, "restart", model.Restart{Policy: "no"}, form[model.Restart]{
		parse: func(s string) (model.Restart, bool) {
			policy, bound, _ := strings.Cut(s, ":")
			n, err := strconv.Atoi(bound)
			if policy == "" {
				policy = "no"
			}
			known := slices.Contains([]string{"no", "always", "on-failure", "unless-stopped"}, policy)
			return model.Restart{Policy: policy, Max: n}, known && (bound == "" || err == nil)
		},
		print: func(r model.Restart) string {
			if r.Max > 0 {
				return r.Policy + ":" + strconv.Itoa(r.Max)
			}
			return r.Policy
		},
	})
	w.Health = l.health()
}

// log reads --log-driver and --log-opt as one fact, at the driver if it is said.
func (l *line) log() model.Fact[model.LogConfig] {
	driver := value(l, "log-driver", "", stringForm())
	out := model.Fact[model.LogConfig]{State: driver.State, Span: driver.Span, Likely: driver.Likely, Delete: driver.Delete}
	out.Value = model.LogConfig{Driver: driver.Value}
	opts := labels(l, "log-opt")
	for i, o := range opts {
		if i == 0 {
			out.Value.Options = map[string]string{}
			if driver.State == model.Unset {
				out.State, out.Span = model.Set, o.Value.Span
			}
		}
		out.Value.Options[o.Name] = o.Value.Value
		out.Likely = out.Likely || o.Value.Likely
	}
	if len(l.all("log-opt")) > len(opts) {
		out.State = model.Unknown
	}
	out.Edit = func(v model.LogConfig) []source.Edit {
		var edits []source.Edit
		if v.Driver != driver.Value && v.Driver != "" {
			edits = driver.Edit(v.Driver)
		}
		return append(edits, l.setLabels("log-opt", opts, v.Options)...)
	}
	return out
}

// setLabels returns the edits that make a flag that takes NAME=value say want,
// where have is what it says.
func (l *line) setLabels(name string, have []model.Label, want map[string]string) []source.Edit {
	var edits []source.Edit
	keys := make([]string, 0, len(want))
	for k := range want {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		i := slices.IndexFunc(have, func(o model.Label) bool { return o.Name == k })
		switch {
		case i < 0:
			edits = append(edits, l.insert(name, k+"="+want[k])...)
		case have[i].Value.Value != want[k] && have[i].Value.Edit != nil:
			edits = append(edits, have[i].Value.Edit(want[k])...)
		}
	}
	return edits
}

// health reads --health-cmd and --no-healthcheck.
func (l *line) health() model.Fact[model.Health] {
	if off := flagFact(l, "no-healthcheck"); off.State == model.Set && off.Value {
		return model.Fact[model.Health]{
			Value: model.Health{Kind: model.DisabledHealth}, State: model.Set, Span: off.Span, Delete: off.Delete,
		}
	}
	out := value(l, "health-cmd", model.Health{}, form[model.Health]{
		parse: func(s string) (model.Health, bool) {
			if s == "" || s == "none" {
				return model.Health{Kind: model.DisabledHealth}, true
			}
			return model.Health{Kind: model.CommandHealth, Test: []string{s}}, true
		},
		print: func(h model.Health) string { return strings.Join(h.Test, " ") },
	})
	if out.State == model.Unset {
		out.Likely = true // the image may have one
	}
	return out
}
