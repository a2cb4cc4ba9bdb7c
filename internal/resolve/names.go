package resolve

import (
	"path"
	"strings"

	"bulkhead/internal/model"
)

// link finds the compose service, or the run line, each container of an
// engine was started from, and the service each local image was built for.
func (r *resolver) link() {
	type id struct{ project, service string }
	services := map[id][]*model.Workload{}
	named := map[string]*model.Workload{}
	built := map[string]*model.Workload{}
	for _, w := range r.sys.Workloads {
		if w.Surface == model.Compose {
			services[id{w.Project, w.Service}] = append(services[id{w.Project, w.Service}], w)
		}
		if w.Container != "" && named[w.Container] == nil {
			named[w.Container] = w
		}
		if name := builtName(w); name != "" && built[name] == nil {
			built[name] = w
		}
	}
	for _, w := range r.sys.Workloads {
		switch {
		case w.Surface == model.ImageStore:
			w.Declared = declaredImage(w.Image.Config, built)
		case w.Surface != model.Container:
		case w.Service != "":
			w.Declared = r.started(w, services[id{w.Project, w.Service}])
		default:
			w.Declared = named[w.Name]
		}
	}
}

// builtName returns the name that the image built for w is given, or "" where
// none is built or its name is not known.
func builtName(w *model.Workload) string {
	switch {
	case w.Source == nil || w.Image == nil || !w.Image.Ref.Known():
		return ""
	case w.Image.Ref.Value.Raw != "":
		return w.Image.Ref.Value.Tagged()
	case w.Project == "":
		return ""
	}
	return w.Project + "-" + w.Service + ":latest"
}

// declaredImage returns the workload that an image with configuration c was
// built for, or nil.
func declaredImage(c *model.ImageConfig, built map[string]*model.Workload) *model.Workload {
	for _, tag := range c.Tags {
		if w := built[strings.TrimPrefix(tag, "localhost/")]; w != nil {
			return w
		}
	}
	return nil
}

// started returns which of services, all of the name that container w carries,
// it was started from: the one in the file that Compose was given. Where that
// is none of them, two folders' projects of one name cannot be told apart.
func (r *resolver) started(w *model.Workload, services []*model.Workload) *model.Workload {
	if len(services) == 0 {
		return nil
	}
	files := map[string]bool{}
	for _, l := range w.Labels {
		if l.Name == "com.docker.compose.project.config_files" {
			for f := range strings.SplitSeq(l.Value.Value, ",") {
				files[path.Clean(f)] = true
			}
		}
	}
	one := true
	for _, s := range services {
		if files[r.absolute(fileOf(s))] {
			return s
		}
		one = one && path.Dir(fileOf(s)) == path.Dir(fileOf(services[0]))
	}
	if one {
		return services[0]
	}
	return nil
}

// fileOf returns the name of the file that declares w.
func fileOf(w *model.Workload) string {
	if !w.Place.Span.IsValid() {
		return ""
	}
	return w.Place.Span.File.Name
}

// absolute returns the path that name has on this machine, or name where that
// cannot be told.
func (r *resolver) absolute(name string) string {
	if r.in.Absolute == nil {
		return name
	}
	return r.in.Absolute(name)
}

// A kind picks one of a workload's namespaces.
type kind func(*model.Workload) *model.Fact[model.Namespace]

func network(w *model.Workload) *model.Fact[model.Namespace] { return &w.Network }

// namespaces works out whose namespaces every workload uses in the end.
func (r *resolver) namespaces() {
	r.names = names(r.sys.Workloads)
	for _, of := range []kind{
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.PID },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.IPC },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.UTS },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.UserNS },
		func(w *model.Workload) *model.Fact[model.Namespace] { return &w.CgroupNS },
		network,
	} {
		owners := r.owners(of)
		for _, w := range r.sys.Workloads {
			if owner := owners[w]; owner != nil {
				n := of(owner)
				of(w).Value.Host = n.Known() && n.Value.Mode == "host"
			}
		}
	}
}

// owners returns whose namespace each workload uses in the end: its own, or
// that of the last of a chain. Chains that lead out of the artifacts, and
// circles, which no engine starts, have no owner.
func (r *resolver) owners(of kind) map[*model.Workload]*model.Workload {
	owner := make(map[*model.Workload]*model.Workload, len(r.sys.Workloads))
	for _, w := range r.sys.Workloads {
		var chain []*model.Workload
		end := w
		for end != nil {
			known, visited := owner[end]
			if visited {
				end = known
				break
			}
			owner[end] = nil
			chain = append(chain, end)
			n := of(end).Value
			if n.Mode != "container" && n.Mode != "service" {
				break
			}
			end = r.names.find(end, n)
		}
		for _, c := range chain {
			owner[c] = end
		}
	}
	return owner
}

// A name is what a namespace may be shared by: a service of a project, or a
// container's name or the start of its id on one surface.
type name struct {
	surface          model.Surface
	project, service string
	container        string
}

// An index finds workloads by name.
type index map[name]*model.Workload

// idStart is how much of a container's id engines print.
const idStart = 12

func names(workloads []*model.Workload) index {
	x := index{}
	add := func(n name, w *model.Workload) {
		if x[n] == nil {
			x[n] = w
		}
	}
	for _, w := range workloads {
		switch w.Surface {
		case model.Compose:
			add(name{surface: w.Surface, project: w.Project, service: w.Service}, w)
			called := w.Container
			if called == "" {
				called = w.Project + "-" + w.Service + "-1"
			}
			add(name{surface: w.Surface, container: called}, w)
		case model.Container:
			add(name{surface: w.Surface, container: w.Name}, w)
			if len(w.Engine) >= idStart {
				add(name{surface: w.Surface, container: w.Engine[:idStart]}, w)
			}
		case model.RunLine:
			if w.Container != "" {
				add(name{surface: w.Surface, container: w.Container}, w)
			}
		}
	}
	return x
}

// find returns the workload whose namespace w shares as n says, or nil. A
// container is looked for among those of w's own surface first.
func (x index) find(w *model.Workload, n model.Namespace) *model.Workload {
	if n.Mode == "service" {
		return x[name{surface: w.Surface, project: w.Project, service: n.Target}]
	}
	for _, s := range [...]model.Surface{w.Surface, model.Compose, model.RunLine, model.Container} {
		if s != w.Surface && w.Surface == model.Container {
			break // an engine knows its own
		}
		if other := x[name{surface: s, container: n.Target}]; other != nil {
			return other
		}
		if len(n.Target) >= idStart {
			if other := x[name{surface: s, container: n.Target[:idStart]}]; other != nil && strings.HasPrefix(other.Engine, n.Target) {
				return other
			}
		}
	}
	return nil
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
		if real := r.real(m.Source.Value); real != "" && real != m.Host[0] {
			m.Host = append(m.Host, real)
		}
	}
}

// real returns the canonical path that the symbolic links of p lead to, or ""
// where that cannot be told. A path inside the folder that is checked is left
// as it is written.
func (r *resolver) real(p string) string {
	switch {
	case r.in.Canonical == nil:
		return ""
	case path.IsAbs(p):
		return canonical(r.in.Canonical(p))
	case r.in.Absolute == nil:
		return ""
	}
	real := r.in.Canonical(r.in.Absolute(p))
	if here := r.in.Canonical(r.in.Absolute(".")); real == here || strings.HasPrefix(real, strings.TrimSuffix(here, "/")+"/") {
		return ""
	}
	return canonical(real)
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
