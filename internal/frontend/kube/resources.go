package kube

import (
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// resources reads limits and requests: the container's, else the pod's.
func (c *container) resources(w *model.Workload) {
	w.Memory = memory(c.resource("limits", "memory"), c.at)
	w.MemoryReservation = memory(c.resource("requests", "memory"), c.at)
	w.CPUs = cpus(c.resource("limits", "cpu"), c.at)
	w.CPUReservation = cpus(c.resource("requests", "cpu"), c.at)
}

func (c *container) resource(kind, name string) yamltext.Value {
	own, shared := c.value.At("resources", kind, name), c.spec.At("resources", kind, name)
	if !given(own) && given(shared) {
		return shared
	}
	return own
}

// amount reads a quantity. Zero and nothing are no limit.
func amount(v yamltext.Value, at source.Span) (n float64, f model.Fact[string]) {
	f = text(v, "", at)
	if f.State != model.Set {
		return 0, f
	}
	n, ok := quantity(strings.TrimSpace(f.Value))
	if !ok {
		f.State = model.Unknown
	}
	return n, f
}

func memory(v yamltext.Value, at source.Span) model.Fact[int64] {
	n, f := amount(v, at)
	return model.Fact[int64]{
		Value: int64(n), State: f.State, Span: f.Span, Delete: f.Delete,
		Edit: func(n int64) []source.Edit { return v.Set(yamltext.Raw(printBytes(n))) },
	}
}

func cpus(v yamltext.Value, at source.Span) model.Fact[float64] {
	n, f := amount(v, at)
	return model.Fact[float64]{
		Value: n, State: f.State, Span: f.Span, Delete: f.Delete,
		Edit: func(n float64) []source.Edit { return v.Set(yamltext.Raw(printCPUs(n))) },
	}
}

// ports reads containerPort and hostPort. In the node's network every port is
// the node's without being said to be: resolve knows that.
func (c *container) ports(w *model.Workload) {
	for _, v := range c.items(c.value.Get("ports")) {
		number := v.Get("containerPort")
		p := model.Port{Place: model.Place{Span: number.Span()}, State: model.Set, Protocol: "tcp"}
		if proto := v.Get("protocol").Text(); proto != "" {
			p.Protocol = strings.ToLower(proto)
		}
		n, ok := number.Int()
		if !ok || n < 0 || n > 65535 {
			p.State = model.Unknown
			n = 0
		}
		p.First, p.Last = int(n), int(n)
		w.Exposed = append(w.Exposed, p)
		if host := v.Get("hostPort"); given(host) {
			p.Place.Span = host.Span()
			p.Delete = host.Delete
			n, ok := host.Int()
			if !ok || n < 0 || n > 65535 {
				p.State = model.Unknown
				n = 0
			}
			p.HostFirst, p.HostLast = int(n), int(n)
			p.HostIP = text(v.Get("hostIP"), "", host.Span())
			if n > 0 || !ok {
				w.Ports = append(w.Ports, p)
			}
		}
	}
}

// environment reads env and envFrom.
func (c *container) environment(w *model.Workload) {
	for _, v := range c.items(c.value.Get("env")) {
		w.Env = append(w.Env, variable(v))
	}
	for _, v := range c.items(c.value.Get("envFrom")) {
		from, ref := model.FromSecret, v.At("secretRef", "name")
		if !given(ref) {
			from, ref = model.FromConfigMap, v.At("configMapRef", "name")
		}
		if given(ref) {
			w.Env = append(w.Env, model.Variable{From: from, Value: model.Fact[string]{State: model.Unknown, Span: ref.Span(), Delete: v.Delete}})
		}
	}
}

// variable reads one item of env.
func variable(v yamltext.Value) model.Variable {
	key := v.Get("name")
	out := model.Variable{Name: key.Text(), Key: key.Span(), From: model.FromLiteral}
	from := v.Get("valueFrom")
	if !given(from) {
		value := v.Get("value")
		out.Value = text(value, "", key.Span())
		out.Value.State = model.Set // an empty string
		if templated(value) {
			out.Value.State = model.Unknown
		}
		out.Value.Delete = v.Delete
		return out
	}
	out.Value = model.Fact[string]{State: model.Unknown, Span: from.KeySpan(), Delete: v.Delete}
	switch {
	case given(from.Get("secretKeyRef")):
		out.From = model.FromSecret
	case given(from.Get("configMapKeyRef")):
		out.From = model.FromConfigMap
	default:
		out.From = model.FromField
	}
	return out
}
