package kube

import (
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
)

// service reads a Service.
func (r *reader) service(o yamltext.Value, version string) {
	if version != "v1" {
		return
	}
	spec := o.Get("spec")
	s := &model.Service{
		Kind: "Service", Name: name(o), Namespace: namespace(o), Place: place(o),
		Type: text(spec.Get("type"), "ClusterIP", place(o).Span), Selector: r.mapping(spec.Get("selector")),
	}
	s.TLS.State = model.Unknown
	for _, v := range r.items(spec.Get("ports")) {
		p := model.Port{Place: model.Place{Span: v.Get("port").Span()}, State: model.Set, Protocol: "tcp"}
		if proto := v.Get("protocol").Text(); proto != "" {
			p.Protocol = strings.ToLower(proto)
		}
		p.First = port(v.Get("targetPort"))
		if !given(v.Get("targetPort")) {
			p.First = port(v.Get("port"))
		}
		p.Last = p.First
		switch s.Type.Value {
		case "NodePort":
			p.HostFirst = port(v.Get("nodePort"))
		case "LoadBalancer":
			p.HostFirst = port(v.Get("port"))
		}
		p.HostLast = p.HostFirst
		s.Ports = append(s.Ports, p)
	}
	r.facts.Services = append(r.facts.Services, s)
}

// port returns the number v is, or 0 for a name.
func port(v yamltext.Value) int {
	n, ok := v.Int()
	if !ok || n < 0 || n > 65535 {
		return 0
	}
	return int(n)
}

// ingress reads an Ingress of any version.
func (r *reader) ingress(o yamltext.Value) {
	spec := o.Get("spec")
	s := &model.Service{Kind: "Ingress", Name: name(o), Namespace: namespace(o), Place: place(o)}
	tls := spec.Get("tls")
	s.TLS = model.Fact[bool]{Value: tls.Len() > 0, Span: s.Place.Span}
	if given(tls) {
		s.TLS.State, s.TLS.Span = model.Set, tls.KeySpan()
	}
	backends := []yamltext.Value{spec.Get("defaultBackend"), spec.Get("backend")}
	for _, rule := range r.items(spec.Get("rules")) {
		for _, p := range r.items(rule.At("http", "paths")) {
			backends = append(backends, p.Get("backend"))
		}
	}
	seen := map[string]bool{"": true}
	for _, b := range backends {
		n := b.At("service", "name").Text()
		if n == "" {
			n = b.Get("serviceName").Text()
		}
		if !seen[n] {
			s.Backends = append(s.Backends, n)
		}
		seen[n] = true
	}
	r.facts.Services = append(r.facts.Services, s)
}

// networkPolicy reads a NetworkPolicy.
func (r *reader) networkPolicy(o yamltext.Value) {
	spec := o.Get("spec")
	selector := spec.Get("podSelector")
	p := &model.NetworkPolicy{
		Name: name(o), Namespace: namespace(o), Span: place(o).Span,
		Selector: r.mapping(selector.Get("matchLabels")), Partial: selector.Get("matchExpressions").Len() > 0,
	}
	types := spec.Get("policyTypes")
	for _, t := range r.items(types) {
		p.Ingress = p.Ingress || t.Text() == "Ingress"
		p.Egress = p.Egress || t.Text() == "Egress"
	}
	if types.Len() == 0 {
		p.Ingress, p.Egress = true, spec.Get("egress").Len() > 0
	}
	r.facts.Policies = append(r.facts.Policies, p)
}
