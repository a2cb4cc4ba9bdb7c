package resolve

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// networks joins workloads to their networks.
func (r *resolver) networks() {
	type id struct {
		surface       model.Surface
		project, name string
	}
	known := map[id]*model.Network{}
	for _, n := range r.sys.Networks {
		if n.Surface == model.Daemon {
			known[id{n.Surface, "", n.Name}] = n // an engine has one of each name
			continue
		}
		known[id{n.Surface, n.Project, n.Name}] = n
	}
	find := func(w *model.Workload, name string) *model.Network {
		if w.Surface == model.Container {
			return known[id{model.Daemon, "", name}] // the engine's
		}
		if n := known[id{w.Surface, w.Project, name}]; n != nil {
			return n
		}
		return known[id{w.Surface, "", name}]
	}
	for _, n := range r.sys.Networks {
		if n.Surface == model.Daemon && n.Project != "" {
			short := strings.TrimPrefix(n.Name, n.Project+"_")
			n.Declared = cmp.Or(known[id{model.Compose, n.Project, n.Name}], known[id{model.Compose, n.Project, short}])
		}
	}
	for _, w := range r.sys.Workloads {
		for i := range w.Attachments {
			a := &w.Attachments[i]
			if a.Network == nil {
				a.Network = find(w, a.Name)
			}
			if a.Network != nil && !w.Inactive {
				a.Network.Members = append(a.Network.Members, w)
			}
		}
	}
}

// expose works out how every workload can be reached from outside.
func (r *resolver) expose() {
	owners := r.owners(network)
	for _, w := range r.sys.Workloads {
		owner := owners[w]
		if owner == nil {
			continue // what it shares is not here
		}
		w.Exposure = append(w.Exposure, publishedPorts(owner)...)
		if w.Network.Known() && w.Network.Value.Host {
			w.Exposure = append(w.Exposure, hostPorts(w)...)
		}
	}
	pods := map[string][]*model.Workload{} // by namespace
	for _, w := range r.sys.Workloads {
		if w.Surface == model.Kube {
			pods[w.Namespace] = append(pods[w.Namespace], w)
		}
	}
	r.policy()
	for _, s := range r.services {
		r.exposeService(s, pods[s.Namespace])
	}
	for _, n := range r.sys.Networks {
		n.Fronts = fronts(n)
	}
}

// fronts returns the first two members of n that are reachable from outside,
// by which an attacker may come to the others: two, so that each member finds
// one that is not itself. None where members cannot reach one another; one that
// does not run leads nowhere.
func fronts(n *model.Network) []*model.Workload {
	if n.ICC.Known() && !n.ICC.Value {
		return nil
	}
	var out []*model.Workload
	for _, w := range n.Members {
		if len(out) < 2 && !w.Stopped() && slices.ContainsFunc(w.Exposure, func(e model.Exposure) bool { return e.Public }) {
			out = append(out, w)
		}
	}
	return out
}

// publishedPorts returns what the ports of w are published as. The engine
// publishes nothing of a container without a network that leads out.
func publishedPorts(w *model.Workload) []model.Exposure {
	if w.Network.Known() && w.Network.Value.Mode == "none" || len(w.Attachments) > 0 && !slices.ContainsFunc(w.Attachments, leadsOut) {
		return nil
	}
	var out []model.Exposure
	for _, p := range w.Ports {
		out = append(out, published(p))
	}
	if w.PublishAll.Known() && w.PublishAll.Value && w.Surface == model.RunLine {
		for _, p := range w.Exposed {
			p.HostIP = model.Fact[string]{}
			e := published(p)
			e.Place = w.PublishAll.Place()
			out = append(out, e)
		}
	}
	return out
}

func leadsOut(a model.Attachment) bool {
	return a.Network == nil || !a.Network.Internal.Known() || !a.Network.Internal.Value
}

func published(p model.Port) model.Exposure {
	address := p.HostIP.Value
	if address == "" {
		address = "0.0.0.0"
	}
	return model.Exposure{
		Address: address, Port: p.HostFirst, Protocol: p.Protocol,
		Public: !p.Loopback() && p.HostIP.Known(), Via: "published port", Place: p.Place,
	}
}

// hostPorts returns what a workload in the host's network is reachable by:
// every port it listens on, as far as the artifact tells them.
func hostPorts(w *model.Workload) []model.Exposure {
	all := []model.Exposure{}
	for _, p := range w.Exposed {
		all = append(all, model.Exposure{Address: "0.0.0.0", Port: p.First, Protocol: p.Protocol, Public: true, Via: "host network", Place: w.Network.Place()})
	}
	if len(all) == 0 {
		all = append(all, model.Exposure{Address: "0.0.0.0", Public: true, Via: "host network", Place: w.Network.Place()})
	}
	return all
}

// policy says of every pod whether a NetworkPolicy selects it. Where there is
// no policy at all the fact stays Unset.
func (r *resolver) policy() {
	policies := map[string][]*model.NetworkPolicy{} // by namespace
	for _, p := range r.policies {
		policies[p.Namespace] = append(policies[p.Namespace], p)
	}
	for _, w := range r.sys.Workloads {
		if w.Surface != model.Kube {
			continue
		}
		w.NetworkPolicy.State = model.Unset
		w.NetworkPolicy.Value = false
		if !w.NetworkPolicy.Span.IsValid() {
			w.NetworkPolicy.Span, w.NetworkPolicy.Path = w.Place.Span, w.Place.Path
		}
		for _, p := range policies[w.Namespace] {
			if selects(p.Selector, w) {
				if p.Partial {
					w.NetworkPolicy.State = model.Unknown
					continue
				}
				w.NetworkPolicy = model.Fact[bool]{Value: true, State: model.Set, Span: p.Span}
				break
			}
		}
	}
}

// selects reports whether w carries every label of selector.
func selects(selector map[string]string, w *model.Workload) bool {
	for k, v := range selector {
		found := false
		for _, l := range w.Labels {
			found = found || l.Name == k && l.Value.Value == v
		}
		if !found {
			return false
		}
	}
	return true
}

// exposeService adds what a Kubernetes Service or Ingress exposes to those of
// its namespace's pods that are behind it.
func (r *resolver) exposeService(s *model.Service, pods []*model.Workload) {
	if s.Kind == "Ingress" {
		for _, name := range s.Backends {
			for _, backend := range r.services {
				if backend.Kind == "Service" && backend.Name == name && backend.Namespace == s.Namespace {
					exposePods(backend, pods, model.Exposure{Address: "Ingress", Public: true, Via: "Ingress " + s.Name, Place: s.Place})
				}
			}
		}
		return
	}
	if s.Type.Value != "NodePort" && s.Type.Value != "LoadBalancer" {
		return
	}
	via := fmt.Sprintf("Service %s (%s)", s.Name, s.Type.Value)
	for _, p := range s.Ports {
		exposePods(s, pods, model.Exposure{Address: s.Type.Value, Port: p.HostFirst, Protocol: strings.ToLower(p.Protocol), Public: true, Via: via, Place: s.Type.Place()})
	}
}

// maxExposures bounds the ways to reach one pod from outside that are listed: a
// few thousand services can each lead to a few thousand pods.
const maxExposures = 100

func exposePods(s *model.Service, pods []*model.Workload, e model.Exposure) {
	if len(s.Selector) == 0 {
		return // endpoints are written elsewhere
	}
	for _, w := range pods {
		if len(w.Exposure) < maxExposures && selects(s.Selector, w) {
			w.Exposure = append(w.Exposure, e)
		}
	}
}
