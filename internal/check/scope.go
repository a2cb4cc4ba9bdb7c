package check

import (
	"path"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// hostTarget is the argument that stands for the engine with all it runs.
const hostTarget = "host"

// A scope says which of the engine's containers, images and networks a check
// is about. Without it a project's report would hold everybody else's.
type scope struct {
	all     bool     // the host was asked for, or there is nothing else here
	objects []string // containers and images asked for by name
	dirs    []string // absolute folders that were asked for

	opened []*model.Image  // images of archives, layouts and registries: asked for, each
	found  map[string]bool // objects that exist
}

// apply takes out of sys what the check is not about.
func (s *scope) apply(sys *model.System) {
	named := references(sys)
	keep := map[*model.Workload]bool{}
	images := map[*model.ImageConfig]bool{}
	for _, w := range sys.Workloads {
		keep[w] = w.Surface != model.Container && w.Surface != model.ImageStore || w.Surface == model.Container && s.container(w, named)
		if keep[w] && w.Image != nil && w.Image.Config != nil {
			images[w.Image.Config] = true
		}
	}
	sys.Images = slices.DeleteFunc(sys.Images, func(i *model.Image) bool {
		if i.Use == model.StoredImage {
			return !s.image(i, named, images)
		}
		return len(i.Workloads) > 0 && !slices.ContainsFunc(i.Workloads, func(w *model.Workload) bool { return keep[w] || w.Surface == model.ImageStore })
	})
	for _, w := range sys.Workloads {
		if w.Surface == model.ImageStore {
			keep[w] = slices.Contains(sys.Images, w.Image)
		}
	}
	sys.Workloads = slices.DeleteFunc(sys.Workloads, func(w *model.Workload) bool { return !keep[w] })
	sys.Networks = slices.DeleteFunc(sys.Networks, func(n *model.Network) bool {
		return n.Engine != "" && !s.all && !slices.ContainsFunc(n.Members, func(w *model.Workload) bool { return keep[w] })
	})
	if !s.all {
		sys.Hosts = slices.DeleteFunc(sys.Hosts, func(h *model.Host) bool { return h.Live })
	}
}

// container reports whether the check is about container w: it was asked for,
// it was started from an artifact here, or it runs an image an artifact names
// and belongs to no other project.
func (s *scope) container(w *model.Workload, named map[string]bool) bool {
	asked := false
	for _, o := range s.objects {
		if names(w, o) {
			s.found[o], asked = true, true
		}
	}
	if asked || s.all {
		return true
	}
	if len(s.objects) > 0 && len(s.dirs) == 0 {
		return false
	}
	if w.Declared != nil {
		return true
	}
	for _, l := range w.Labels {
		if l.Name == "com.docker.compose.project.working_dir" {
			return s.within(l.Value.Value)
		}
	}
	return w.Image != nil && named[w.Image.Ref.Value.Tagged()]
}

func (s *scope) within(dir string) bool {
	return slices.ContainsFunc(s.dirs, func(d string) bool { return dir == d || strings.HasPrefix(dir, path.Clean(d)+"/") })
}

// image reports whether the check is about stored image i.
func (s *scope) image(i *model.Image, named map[string]bool, run map[*model.ImageConfig]bool) bool {
	if i.Config == nil {
		return s.all || slices.Contains(s.opened, i)
	}
	for _, o := range s.objects {
		if holds(i, o) {
			s.found[o] = true
		}
	}
	return s.asked(i) || s.all || run[i.Config] || slices.ContainsFunc(i.Config.Tags, func(t string) bool { return named[t] })
}

// asked reports whether stored image i was asked for itself.
func (s *scope) asked(i *model.Image) bool {
	return slices.Contains(s.opened, i) || slices.ContainsFunc(s.objects, func(o string) bool { return holds(i, o) })
}

// holds reports whether name names stored image i: by a tag, or by at least
// twelve digits of its id.
func holds(i *model.Image, name string) bool {
	tag := name
	if ref, err := oci.ParseReference(name); err == nil && ref.Digest == "" {
		tag = ref.Tagged()
	}
	return slices.Contains(i.Config.Tags, tag) || slices.Contains(i.Config.Tags, "localhost/"+tag) ||
		len(name) >= 12 && strings.HasPrefix(model.HexID(i.Config.ID), model.HexID(name))
}

// names reports whether name names container w: by its name, or by at least
// twelve digits of its id.
func names(w *model.Workload, name string) bool {
	return name == w.Name || len(name) >= 12 && strings.HasPrefix(w.Engine, name)
}

// has reports whether the engine, whose facts are live, has a container or an
// image of that name.
func (s *scope) has(live *model.Facts, name string) bool {
	if live == nil {
		return false
	}
	return slices.ContainsFunc(live.Workloads, func(w *model.Workload) bool { return names(w, name) }) ||
		slices.ContainsFunc(live.Images, func(i *model.Image) bool { return i.Use == model.StoredImage && i.Config != nil && holds(i, name) })
}

// references returns the images that artifacts name, each with its tag.
func references(sys *model.System) map[string]bool {
	out := map[string]bool{}
	for _, i := range sys.Images {
		if i.Surface != model.Container && i.Use == model.RunImage && i.Ref.Known() && i.Ref.Value.Raw != "" {
			out[i.Ref.Value.Tagged()] = true
		}
	}
	return out
}
