package compose

import (
	"strconv"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
)

const (
	optionICC       = "com.docker.network.bridge.enable_icc"
	optionEncrypted = "encrypted"
)

// networks fills in the networks of the project and returns them by name. The
// default network is among them where a service uses it.
func (r *reader) networks(p *project) map[string]*model.Network {
	nets := map[string]*model.Network{}
	for _, res := range p.sections["networks"] {
		s := &service{r, p, res}
		n := s.network()
		nets[res.name] = n
		r.facts.Networks = append(r.facts.Networks, n)
	}
	if nets["default"] == nil && r.usesDefault(p) && len(p.roots) > 0 {
		root := p.roots[0]
		res := &resource{name: "default", key: root.Get("services").KeySpan()}
		for _, d := range p.roots { // the services may all stand in another file
			if !res.key.IsValid() && d.Get("services").Exists() {
				res.key = d.Get("services").KeySpan()
				root = d
			}
		}
		if !res.key.IsValid() && len(p.sections["services"]) > 0 {
			res.key = p.sections["services"][0].key
		}
		res.own = []yamltext.Value{root.At("networks", "default")}
		n := (&service{r, p, res}).network()
		nets["default"] = n
		r.facts.Networks = append(r.facts.Networks, n)
	}
	return nets
}

// usesDefault reports whether a service joins the default network.
func (r *reader) usesDefault(p *project) bool {
	for _, section := range [...]string{"services", "jobs"} {
		for _, res := range p.sections[section] {
			if res.v.get("provider") != nil {
				continue
			}
			for _, e := range joined(res.v) {
				if e.key == "default" {
					return true
				}
			}
		}
	}
	return false
}

// joined returns the networks service v joins, by name.
func joined(v *value) []entry {
	if v.get("network_mode") != nil {
		return nil
	}
	nets := v.get("networks")
	if !nets.isNull() {
		if m := mapOf(nets); len(m.entries) > 0 {
			return m.entries
		}
	}
	return []entry{{key: "default"}}
}

// network returns the network s is.
func (s *service) network() *model.Network {
	n := &model.Network{
		Name: s.res.name, Surface: model.Compose, Place: model.Place{Span: s.res.key},
		Project: s.r.name, Default: s.res.name == "default",
	}
	if name := s.at("name"); name.scalar() && name.text != "" {
		n.Name = name.text
	}
	if ext := s.at("external"); !ext.isNull() {
		on, err := parseBool(ext.text)
		n.External = ext.kind == yamltext.Mapping || err == nil && on
		if name := ext.get("name"); name.scalar() {
			n.Name = name.text
		}
	}
	n.Driver = fact(s, stringForm(), "bridge", "driver")
	n.Internal = fact(s, boolForm(), false, "internal")
	n.Attachable = fact(s, boolForm(), false, "attachable")
	n.ICC = fact(s, optionForm(), true, "driver_opts", optionICC)
	n.Encrypted = fact(s, optionForm(), false, "driver_opts", optionEncrypted)
	n.Options = s.pairs("driver_opts")
	if n.External {
		for _, f := range []*model.Fact[bool]{&n.Internal, &n.Attachable, &n.ICC, &n.Encrypted} {
			f.State, f.Edit, f.Delete = model.Unknown, nil, nil
		}
		n.Driver.State, n.Driver.Edit, n.Driver.Delete = model.Unknown, nil, nil
	}
	if c := s.at("ipam", "config"); !c.isNull() {
		for _, i := range c.items {
			if sub := i.get("subnet"); sub.scalar() {
				n.Subnets = append(n.Subnets, itemFact(sub, sub.text, yamltext.Str))
			}
		}
	}
	return n
}

// optionForm reads a boolean among driver options, which are strings; a name
// alone means it is on.
func optionForm() form[bool] {
	return form[bool]{func(text string) (bool, error) {
		if text == "" {
			return true, nil
		}
		return parseBool(text)
	}, func(b bool) yamltext.Lit { return yamltext.Str(strconv.FormatBool(b)) }}
}

// attach fills in the networks w joins.
func (s *service) attach(w *model.Workload, nets map[string]*model.Network) {
	for _, e := range joined(s.res.v) {
		a := model.Attachment{Name: e.key, Network: nets[e.key], Place: model.Place{Span: e.at}}
		if !e.at.IsValid() {
			a.Place.Span = s.res.key
		}
		if e.val != nil {
			if list := e.val.get("aliases"); list != nil {
				for _, i := range list.items {
					a.Aliases = append(a.Aliases, i.text)
				}
			}
		}
		w.Attachments = append(w.Attachments, a)
	}
}

// secrets reads the secrets mounted into the container.
func (s *service) secrets() []model.SecretUse {
	v := s.at("secrets")
	if v.isNull() {
		return nil
	}
	var out []model.SecretUse
	for _, i := range listOf(v).items {
		if i.scalar() {
			out = append(out, model.SecretUse{Name: i.text, Target: model.Fact[string]{Value: "/run/secrets/" + i.text, Span: i.span()}})
			continue
		}
		src := i.get("source")
		if !src.scalar() {
			continue
		}
		use := model.SecretUse{Name: src.text, Target: model.Fact[string]{Value: "/run/secrets/" + src.text, Span: src.span()}}
		if t := i.get("target"); t.scalar() {
			use.Target = itemFact(t, join("/run/secrets", t.text), yamltext.Str)
		}
		out = append(out, use)
	}
	return out
}
