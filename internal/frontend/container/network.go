package container

import (
	"maps"
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// network reads ports, networks and links.
func (r reader) network(w *model.Workload) {
	w.PublishAll = fact(r, "PublishAllPorts", r.host.PublishAllPorts, false)
	w.Ports = dockerjson.Coalesce(r.published())
	w.Exposed = slices.DeleteFunc(w.Exposed, func(p model.Port) bool { return covered(p, w.Ports) })
	var links []string
	for _, l := range r.host.Links { // "/db:/web/database" is the link db:database of web
		target, alias, ok := strings.Cut(l, ":")
		if i := strings.LastIndexByte(alias, '/'); i >= 0 {
			alias = alias[i+1:]
		}
		target = strings.TrimPrefix(target, "/")
		if ok && alias != target {
			target += ":" + alias
		}
		links = append(links, target)
	}
	w.Links = list(r, "Links", links)
	r.attachments(w)
}

// published returns the ports published on the host. The engine's word on a
// running container wins over what was asked: it knows the ports it chose and
// the address the daemon publishes on by default.
func (r reader) published() []model.Port {
	var actual map[string][]portBinding
	if r.in.NetworkSettings != nil {
		actual = r.in.NetworkSettings.Ports
	}
	specs := slices.Collect(maps.Keys(r.host.PortBindings))
	for spec, bindings := range actual {
		if _, asked := r.host.PortBindings[spec]; !asked && len(bindings) > 0 {
			specs = append(specs, spec)
		}
	}
	slices.Sort(specs)
	var out []model.Port
	for _, spec := range specs {
		bindings := r.host.PortBindings[spec]
		if now := actual[spec]; len(now) > 0 {
			bindings = everyAddress(now, bindings)
		}
		if len(bindings) == 0 { // published, the engine chooses where
			bindings = []portBinding{{}}
		}
		for _, b := range bindings {
			out = append(out, r.port(spec, b))
		}
	}
	return out
}

// port returns one published port.
func (r reader) port(spec string, b portBinding) model.Port {
	p := dockerjson.ParsePort(spec)
	p.Place.Path = r.at("HostConfig.PortBindings[" + spec + "]")
	p.HostIP = model.Fact[string]{Value: b.HostIP, State: said(b.HostIP != ""), Path: p.Place.Path}
	p.HostFirst, p.HostLast = dockerjson.ParseHostPort(string(b.HostPort))
	return p
}

// everyAddress returns now, the bindings in force, with those on 0.0.0.0 and
// on :: that stem from one request for every address made one again. Where the
// engine chose the ports, it may have chosen another for each.
func everyAddress(now, asked []portBinding) []portBinding {
	has := func(bindings []portBinding, ip string) bool {
		return slices.ContainsFunc(bindings, func(b portBinding) bool { return b.HostIP == ip })
	}
	if len(asked) > 0 && !has(asked, "") {
		return now
	}
	four := has(now, "0.0.0.0")
	var out []portBinding
	for _, b := range now {
		switch {
		case b.HostIP == "::" && four:
			continue
		case b.HostIP == "0.0.0.0" || b.HostIP == "::":
			b.HostIP = ""
		}
		out = append(out, b)
	}
	return out
}

// covered reports whether p is among ports.
func covered(p model.Port, ports []model.Port) bool {
	return slices.ContainsFunc(ports, func(q model.Port) bool {
		return q.Protocol == p.Protocol && q.First <= p.First && p.Last <= q.Last
	})
}

// attachments reads the networks the container joins. The host's network and
// none are not networks to meet others on.
func (r reader) attachments(w *model.Workload) {
	if r.in.NetworkSettings == nil {
		return
	}
	networks := r.in.NetworkSettings.Networks
	for _, name := range slices.Sorted(maps.Keys(networks)) {
		if name == "host" || name == "none" {
			continue
		}
		a := model.Attachment{Name: name, Place: model.Place{Path: r.at("NetworkSettings.Networks[" + name + "]")}}
		if e := networks[name]; e != nil {
			a.Aliases = e.Aliases
		}
		w.Attachments = append(w.Attachments, a)
	}
}
