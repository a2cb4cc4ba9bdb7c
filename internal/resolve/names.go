package resolve

import (
	"path"
	"strings"

	"bulkhead/internal/model"
)

// link finds the compose service, or the run line, each container of an
// engine was started from.
func (r *resolver) link() {
	type id struct{ project, service string }
	declared := map[id]*model.Workload{}
	byName := map[string]*model.Workload{}
	for _, w := range r.sys.Workloads {
		switch w.Surface {
		case model.Compose:
			declared[id{w.Project, w.Service}] = w
		case model.RunLine:
			byName[w.Name] = w
		}
	}
	for _, w := range r.sys.Workloads {
		if w.Surface != model.Container {
			continue
		}
		if d := declared[id{w.Project, w.Service}]; d != nil && w.Service != "" {
			w.Declared = d
		} else if d := byName[w.Name]; d != nil {
			w.Declared = d
		}
	}
}

// namespaces works out whose namespaces every workload uses in the end.
func (r *resolver) namespaces() {
	find := r.finder()
	for _, kind := range []func(*model.Workload) *model.Fact[model.Namespace]{
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.PID },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.IPC },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.UTS },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.UserNS },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.CgroupNS },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.Network },
	} {
		for _, w := range r.sys.Workloads {
			n := kind(w)
			at := *n
			// A chain longer than the number of workloads is a circle,
			// which no engine starts.
			for range len(r.sys.Workloads) {
				if at.Value.Mode != "container" && at.Value.Mode != "service" {
					break
				}
				next := find(w, at.Value)
				if next == nil {
					break
				}
				at = *kind(next)
			}
			n.Value.Host = at.Known() && at.Value.Mode == "host"
		}
	}
}

// finder returns a function that finds the workload a namespace is shared with.
func (r *resolver) finder() func(w *model.Workload, n model.Namespace) *model.Workload {
	return func(w *model.Workload, n model.Namespace) *model.Workload {
		for _, other := range r.sys.Workloads {
			if other.Surface != w.Surface || other.Project != w.Project && w.Surface == model.Compose {
				continue
			}
			switch {
			case other.Name == n.Target,
				n.Mode == "service" && other.Service == n.Target,
				len(n.Target) >= 12 && strings.HasPrefix(other.Engine, n.Target):
				return other
			}
		}
		return nil
	}
}

// canonicalMounts fills in the host paths each bind mount means: the one
// written, cleaned and with /var/run as /run, and the one its symbolic links
// lead to.
func (r *resolver) canonicalMounts(w *model.Workload) {
	for i := range w.Mounts {
		m := &w.Mounts[i]
		if m.Kind != model.BindMount || !m.Source.Known() || m.Source.Value == "" {
			continue
		}
		m.Host = []string{canonical(m.Source.Value)}
		if r.in.Canonical != nil && path.IsAbs(m.Source.Value) {
			if real := canonical(r.in.Canonical(m.Source.Value)); real != m.Host[0] {
				m.Host = append(m.Host, real)
			}
		}
	}
}

// canonical cleans p and names it by the directory that systems since 2012
// link its old name to.
func canonical(p string) string {
	p = path.Clean(p)
	if p == "/var/run" || strings.HasPrefix(p, "/var/run/") {
		return strings.TrimPrefix(p, "/var")
	}
	return p
}
