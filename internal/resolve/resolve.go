// Package resolve joins what the frontends read from single artifacts into
// effective containers: compose service → build → final stage → image →
// daemon defaults, running container → compose service.
package resolve

import (
	"maps"
	"path"
	"slices"

	"bulkhead/internal/frontend/dockerfile"
	"bulkhead/internal/model"
	"bulkhead/internal/parallel"
	"bulkhead/internal/source"
)

// An Input is everything that was read.
type Input struct {
	Site  model.Site
	Facts []*model.Facts // of every artifact but the Dockerfiles

	// Dockerfiles are read here and not before, because what they mean
	// depends on the images and on the build arguments of the others.
	Dockerfiles []*source.File

	// Load returns the file of that name for builds whose Dockerfile is not
	// among Dockerfiles. Nil where nothing more may be read.
	Load func(name string) (*source.File, error)

	// Ignore returns what the build context in that directory leaves out.
	// Nil where that cannot be told.
	Ignore func(context, dockerfile string) *model.Ignore

	// Judged reports whether a local image is to be judged on its own even
	// where a container runs it. Nil reports false.
	Judged func(*model.Image) bool

	// Canonical returns a host path with its symbolic links followed, and
	// Absolute the path of a file by its name. Nil where the paths are not
	// those of this machine.
	Canonical func(path string) string
	Absolute  func(name string) string
}

// System returns the effective containers and all that is known of them.
func System(in Input) *model.System {
	r := &resolver{
		in:     in,
		sys:    &model.System{Site: in.Site},
		stored: map[string]*model.Image{},
	}
	for _, f := range in.Facts {
		r.add(f)
	}
	r.indexImages()
	r.readBuilds()
	r.images()
	r.project()
	r.link()
	for _, w := range r.sys.Workloads {
		r.applyImage(w)
		r.applyDaemon(w)
		resolveUser(w)
		r.canonicalMounts(w)
	}
	r.namespaces()
	r.networks()
	r.expose()
	for _, i := range r.sys.Images {
		Origin(r.sys, i, r.sys.Images, nil)
	}
	return r.sys
}

type resolver struct {
	in       Input
	sys      *model.System
	services []*model.Service
	policies []*model.NetworkPolicy

	stored map[string]*model.Image // local images by every name they go by
	names  index
	used   map[string]bool // Dockerfiles some workload is built from, by name
}

func (r *resolver) add(f *model.Facts) {
	s := r.sys
	s.Workloads = append(s.Workloads, f.Workloads...)
	s.Images = append(s.Images, f.Images...)
	s.Builds = append(s.Builds, f.Builds...)
	s.Networks = append(s.Networks, f.Networks...)
	s.Hosts = append(s.Hosts, f.Hosts...)
	s.Grants = append(s.Grants, f.Grants...)
	s.Faults = append(s.Faults, f.Faults...)
	s.Notes = append(s.Notes, f.Notes...)
	r.services = append(r.services, f.Services...)
	r.policies = append(r.policies, f.Policies...)
}

// A buildKey tells builds of one Dockerfile with different arguments apart.
type buildKey struct{ file, context, target, args string }

// A reading is one Dockerfile that is to be read in one way.
type reading struct {
	file    *source.File
	options dockerfile.Options
	context string
	ignore  bool // the context leaves out what its ignore file says
	users   []*model.Workload
	facts   *model.Facts
}

// readBuilds reads the Dockerfile of every workload that says how it is built,
// then those no workload names.
func (r *resolver) readBuilds() {
	files := map[string]*source.File{}
	for _, f := range r.in.Dockerfiles {
		files[f.Name] = f
	}
	readings := r.readings(files)
	parallel.Do(len(readings), func(i int) {
		readings[i].facts = dockerfile.Read(readings[i].file, readings[i].options)
	})
	for _, x := range readings {
		for _, b := range x.facts.Builds {
			if x.ignore {
				r.ignore(b, x.context)
			}
			for _, w := range x.users {
				w.Build = b
			}
		}
		r.add(x.facts)
	}
}

// maxVariants bounds, in bytes, what is read of one Dockerfile that is built
// with different arguments or targets.
const maxVariants = 128 << 10

// readings lists what is to be read. Two services built alike share one build,
// so that a fault in their Dockerfile is one finding.
func (r *resolver) readings(files map[string]*source.File) []*reading {
	var out []*reading
	known := map[buildKey]*reading{}
	read, unread := map[string]int{}, map[string]bool{} // bytes, and whether there is more; by Dockerfile
	r.used = map[string]bool{}
	for _, w := range r.sys.Workloads {
		if w.Source == nil {
			continue
		}
		f := r.buildFile(w, files)
		if f == nil {
			continue
		}
		r.used[f.Name] = true
		key, args := buildKeyOf(f, w)
		x := known[key]
		if x == nil && read[f.Name] > maxVariants {
			unread[f.Name] = true
			continue
		}
		if x == nil {
			read[f.Name] += len(f.Text)
			x = &reading{
				file: f, options: dockerfile.Options{Args: args, Target: key.target, Base: r.config},
				context: key.context, ignore: w.Source.Inline == nil,
			}
			known[key] = x
			out = append(out, x)
		}
		x.users = append(x.users, w)
	}
	for _, name := range slices.Sorted(maps.Keys(unread)) {
		r.sys.Notes = append(r.sys.Notes, model.Note{What: name, Why: "is built in more ways than are read"})
	}
	for _, f := range r.in.Dockerfiles {
		if !r.used[f.Name] {
			out = append(out, &reading{file: f, options: dockerfile.Options{Base: r.config}, context: path.Dir(f.Name), ignore: true})
		}
	}
	return out
}

// buildFile returns the Dockerfile w is built from, or nil where it is not
// here, or which stage of it becomes the image is not known.
func (r *resolver) buildFile(w *model.Workload, files map[string]*source.File) *source.File {
	s := w.Source
	switch {
	case !s.Target.Known():
		return nil
	case s.Inline != nil:
		return s.Inline
	case !s.Context.Known() || !s.Dockerfile.Known():
		return nil
	}
	name := buildPath(s)
	if f := files[name]; f != nil {
		return f
	}
	if r.in.Load == nil {
		return nil
	}
	f, err := r.in.Load(name)
	if err != nil {
		r.sys.Notes = append(r.sys.Notes, model.Note{What: name, Why: "the Dockerfile of " + w.Name + " is not here"})
		return nil
	}
	files[name] = f
	return f
}

// context returns the directory of the build context, as printed.
func context(s *model.BuildSource) string {
	if path.IsAbs(s.Context.Value) {
		return path.Clean(s.Context.Value)
	}
	return path.Join(s.Dir, s.Context.Value)
}

func buildPath(s *model.BuildSource) string {
	name := s.Dockerfile.Value
	if name == "" {
		name = "Dockerfile"
	}
	if path.IsAbs(name) {
		return path.Clean(name)
	}
	return path.Join(context(s), name)
}

// buildKeyOf tells how w builds f, and returns the arguments it gives.
func buildKeyOf(f *source.File, w *model.Workload) (buildKey, map[string]string) {
	args := map[string]string{}
	key := buildKey{file: f.Name, context: context(w.Source), target: w.Source.Target.Value}
	for _, a := range w.Source.Args {
		if a.Value.Known() {
			args[a.Name] = a.Value.Value
			key.args += a.Name + "=" + a.Value.Value + "\x00"
		}
	}
	return key, args
}

// ignore fills in what b's context leaves out.
func (r *resolver) ignore(b *model.Build, context string) {
	b.Context = context
	if r.in.Ignore != nil {
		b.Ignore = r.in.Ignore(context, b.File.Name)
	}
}

// applyDaemon gives w the defaults of the engine it runs on, where there is
// just one engine it can be.
func (r *resolver) applyDaemon(w *model.Workload) {
	h := r.host(w)
	if h == nil {
		return
	}
	if w.Surface == model.Container && h.CgroupVersion.Value == 1 && w.CgroupNS.Value.Mode == "host" {
		// The host's is the default there, and the engine writes defaults
		// out: whether somebody asked for it cannot be told.
		w.CgroupNS.State = model.Unknown
	}
	if w.NoNewPrivileges.State == model.Unset && h.NoNewPrivileges.Value {
		w.NoNewPrivileges.Value = true
	}
	if w.Seccomp.State == model.Unset && h.Seccomp.State == model.Set && h.Seccomp.Value != "" {
		w.Seccomp.Value = h.Seccomp.Value
	}
	if h.Log.State == model.Set && w.Log.Known() {
		w.Log.Value = logDefaults(w.Log.Value, h.Log.Value)
	}
}

// logDefaults returns own with what it leaves to the engine's def. Options
// are those of a driver, so those of another are not taken.
func logDefaults(own, def model.LogConfig) model.LogConfig {
	if def.Driver == "" {
		def.Driver = "json-file"
	}
	if own.Driver == "" {
		own.Driver = def.Driver
	}
	if own.Driver != def.Driver || len(def.Options) == 0 {
		return own
	}
	options := maps.Clone(def.Options)
	maps.Copy(options, own.Options)
	own.Options = options
	return own
}

// host returns the engine w runs on: the live one, else the only one. Pods
// and images have none.
func (r *resolver) host(w *model.Workload) *model.Host {
	switch w.Surface {
	case model.Kube, model.Dockerfile, model.ImageStore:
		return nil
	}
	for _, h := range r.sys.Hosts {
		if h.Live {
			return h
		}
	}
	if len(r.sys.Hosts) == 1 {
		return r.sys.Hosts[0]
	}
	return nil
}
