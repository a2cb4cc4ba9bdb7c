package compose

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// log reads where the container's output goes.
func (s *service) log() model.Fact[model.LogConfig] {
	f := model.Fact[model.LogConfig]{State: s.unset(), Span: s.res.key, Edit: s.editLog}
	v := s.at("logging")
	if v.isNull() {
		return f
	}
	f.Span, f.State, f.Delete = v.head(), model.Set, s.deleter("logging")
	if d := v.get("driver"); d.scalar() {
		f.Value.Driver, f.Span = d.text, d.span()
		if d.unknown {
			f.State = model.Unknown
		}
	} else if len(v.entries) > 0 {
		f.Span = v.entries[0].at
	}
	if o := v.get("options"); o != nil && o.kind == yamltext.Mapping {
		f.Value.Options = map[string]string{}
		for _, e := range o.entries {
			f.Value.Options[e.key] = e.val.text
			if e.val.unknown {
				f.State = model.Unknown
			}
		}
	}
	return f
}

// editLog returns the edits that make the service log as c says. Options that
// are there and not in c stay.
func (s *service) editLog(c model.LogConfig) []source.Edit {
	var options []yamltext.Entry
	for _, k := range slices.Sorted(maps.Keys(c.Options)) {
		options = append(options, yamltext.Entry{Key: k, Value: yamltext.Str(c.Options[k])})
	}
	own := s.own("logging")
	if len(own.Pairs()) == 0 || own.Shared() {
		var l []yamltext.Entry
		if c.Driver != "" {
			l = append(l, yamltext.Entry{Key: "driver", Value: yamltext.Str(c.Driver)})
		}
		if len(options) > 0 {
			l = append(l, yamltext.Entry{Key: "options", Value: yamltext.Map(options...)})
		}
		return own.Set(yamltext.Map(l...))
	}
	var edits []source.Edit
	if d := own.Get("driver"); c.Driver != "" && d.Text() != c.Driver {
		edits = append(edits, d.Set(yamltext.Str(c.Driver))...)
	}
	have := own.Get("options")
	if have.Exists() && len(have.Pairs()) == 0 && len(edits) > 0 {
		return edits // the two meet in "{options: {}}"; the options are next
	}
	if len(have.Pairs()) == 0 && len(options) > 0 {
		return append(edits, have.Set(yamltext.Map(options...))...)
	}
	for _, o := range options {
		if y := have.Get(o.Key); y.Text() != c.Options[o.Key] {
			edits = append(edits, y.Set(o.Value)...)
		}
	}
	return edits
}

// restart reads the restart policy. The one under deploy wins, as in Compose.
func (s *service) restart() model.Fact[model.Restart] {
	long := s.at("deploy", "restart_policy")
	if long == nil || long.kind != yamltext.Mapping {
		return fact(s, form[model.Restart]{parseRestart, restartLit}, model.Restart{Policy: "no"}, "restart")
	}
	f := model.Fact[model.Restart]{Value: model.Restart{Policy: "always"}, State: model.Set, Span: long.head(), Edit: s.editRestart}
	f.Delete = s.deleter("deploy", "restart_policy")
	if c := long.get("condition"); c.scalar() {
		f.Value.Policy, f.Span = policy(c.text), c.span()
		if c.unknown {
			f.State = model.Unknown
		}
	}
	if m := long.get("max_attempts"); m.scalar() {
		n, err := parseInt(m.text)
		f.Value.Max = int(n)
		if err != nil || m.unknown {
			f.State = model.Unknown
		}
	}
	return f
}

// policy returns what the engine calls a condition of restart_policy.
func policy(condition string) string {
	switch condition {
	case "none":
		return "no"
	case "any":
		return "always"
	}
	return condition
}

func parseRestart(text string) (model.Restart, error) {
	name, max, _ := strings.Cut(text, ":")
	r := model.Restart{Policy: policy(name)}
	if max != "" {
		n, err := parseInt(max)
		if err != nil {
			return r, err
		}
		r.Max = int(n)
	}
	return r, nil
}

func restartLit(r model.Restart) yamltext.Lit {
	if r.Max > 0 && r.Policy == "on-failure" {
		return yamltext.Str(r.Policy + ":" + strconv.Itoa(r.Max))
	}
	return yamltext.Str(r.Policy)
}

// editRestart returns the edits that make deploy.restart_policy say r.
func (s *service) editRestart(r model.Restart) []source.Edit {
	condition := r.Policy
	switch r.Policy {
	case "no":
		condition = "none"
	case "always", "unless-stopped":
		condition = "any"
	}
	own := s.own("deploy", "restart_policy")
	if own.Exists() && len(own.Pairs()) == 0 {
		l := []yamltext.Entry{{Key: "condition", Value: yamltext.Str(condition)}}
		if r.Max > 0 {
			l = append(l, yamltext.Entry{Key: "max_attempts", Value: yamltext.Int(int64(r.Max))})
		}
		return own.Set(yamltext.Map(l...))
	}
	edits := own.Get("condition").Set(yamltext.Str(condition))
	if own.Get("condition").Text() == condition {
		edits = nil
	}
	if n, _ := own.Get("max_attempts").Int(); r.Max > 0 && int(n) != r.Max {
		edits = append(edits, own.Get("max_attempts").Set(yamltext.Int(int64(r.Max)))...)
	}
	return edits
}

// health reads how the container's health is watched.
func (s *service) health() model.Fact[model.Health] {
	f := model.Fact[model.Health]{State: s.unset(), Span: s.res.key, Edit: func(h model.Health) []source.Edit {
		if h.Kind == model.DisabledHealth {
			return s.set(yamltext.Bool(true), "healthcheck", "disable")
		}
		return s.set(healthLit(h), "healthcheck", "test")
	}}
	v := s.at("healthcheck")
	if v.isNull() {
		return f
	}
	if d := v.get("disable"); d.scalar() {
		off, err := parseBool(d.text)
		if off || err != nil {
			f.Span, f.State, f.Delete = d.span(), model.Set, s.deleter("healthcheck", "disable")
			f.Value.Kind = model.DisabledHealth
			if err != nil || d.unknown {
				f.State = model.Unknown
			}
			return f
		}
	}
	if t := v.get("test"); !t.isNull() { // else intervals for the test of the image
		f.Span, f.Delete = t.head(), s.deleter("healthcheck", "test")
		f.Value, f.State = healthTest(t)
	}
	return f
}

// healthTest reads the test of a health check.
func healthTest(t *value) (model.Health, model.State) {
	h, state := model.Health{Kind: model.CommandHealth}, model.Set
	if t.scalar() {
		h.Test = []string{t.text}
		if t.unknown {
			state = model.Unknown
		}
		return h, state
	}
	if len(t.items) == 0 {
		h.Kind = model.NoHealth
	}
	for i, item := range t.items {
		if item.unknown {
			state = model.Unknown
		}
		switch {
		case i == 0 && item.text == "NONE":
			return model.Health{Kind: model.DisabledHealth}, state
		case i == 0 && (item.text == "CMD" || item.text == "CMD-SHELL"):
		default:
			h.Test = append(h.Test, item.text)
		}
	}
	return h, state
}

func healthLit(h model.Health) yamltext.Lit {
	if len(h.Test) == 1 {
		return yamltext.Strs("CMD-SHELL", h.Test[0])
	}
	return yamltext.Strs(append([]string{"CMD"}, h.Test...)...)
}
