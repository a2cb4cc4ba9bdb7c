package resolve

import (
	"slices"
	"strings"

	"bulkhead/internal/catalog"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// indexImages makes every local image known by its tags, digests and id.
func (r *resolver) indexImages() {
	for _, i := range r.sys.Images {
		if i.Use != model.StoredImage || i.Config == nil {
			continue
		}
		for _, tag := range i.Config.Tags {
			r.stored[tag] = i
			if short, ok := strings.CutPrefix(tag, "localhost/"); ok { // Podman's place for what it built
				r.stored[short] = i
			}
		}
		for _, digest := range i.Config.Digests {
			if ref, err := oci.ParseReference(digest); err == nil {
				r.stored[ref.Familiar()+"@"+ref.Digest] = i
			}
		}
		if id := model.HexID(i.Config.ID); id != "" {
			r.stored[id] = i
		}
	}
}

// local returns the local image that ref names, or nil.
func (r *resolver) local(ref model.Reference) *model.Image {
	switch {
	case len(r.stored) == 0:
		return nil
	case ref.Digest == "" && ref.Repository != "":
		if i := r.stored[ref.Tagged()]; i != nil {
			return i
		}
	case ref.Digest != "":
		if i := r.stored[ref.Familiar()+"@"+ref.Digest]; i != nil {
			return i
		}
		return r.stored[model.HexID(ref.Digest)]
	}
	return r.stored[model.HexID(ref.Raw)]
}

// held returns the local image that i uses, or nil. A container goes on
// running its image after the tag has come to name another.
func (r *resolver) held(i *model.Image) *model.Image {
	if id := model.HexID(i.ID); id != "" {
		return r.stored[id]
	}
	return r.local(i.Ref.Value)
}

// configIn returns what is known of the image i uses; see config.
func (r *resolver) configIn(i *model.Image) *model.ImageConfig {
	if held := r.held(i); held != nil {
		return held.Config
	}
	return publicConfig(i.Ref.Value)
}

// config returns what is known of the image ref names: its own configuration
// where it is local, else its default user where that is public knowledge,
// else nil.
func (r *resolver) config(ref model.Reference) *model.ImageConfig {
	if i := r.local(ref); i != nil {
		return i.Config
	}
	return publicConfig(ref)
}

func publicConfig(ref model.Reference) *model.ImageConfig {
	user, ok := catalog.DefaultUser(ref)
	if !ok {
		return nil
	}
	likely := model.Fact[model.Health]{Likely: true}
	return &model.ImageConfig{User: model.Fact[model.User]{Value: user, State: model.Set}, Health: likely}
}

// images fills in what every use of an image needs to be judged.
func (r *resolver) images() {
	built := map[string]bool{} // references that name the result of a build
	for _, w := range r.sys.Workloads {
		if w.Source != nil && w.Image != nil && w.Image.Ref.Value.Raw != "" {
			built[w.Image.Ref.Value.Tagged()] = true
		}
	}
	for _, i := range r.sys.Images {
		if i.Use == model.ProjectFiles {
			continue // no image, and nothing an image could be known by
		}
		ref := i.Ref.Value
		i.Built = i.Built || built[ref.Tagged()]
		if i.Use != model.StoredImage {
			i.Stored = r.held(i)
		}
		if i.Config == nil && i.Use != model.BaseImage {
			i.Config = r.configIn(i)
		}
		var env []model.Variable
		if i.Config != nil {
			env = i.Config.Env
		}
		if !i.Built {
			i.Lifecycles = catalog.EndOfLife(ref, env, r.in.Site.Now)
		}
		if i.Inventory != nil {
			i.Lifecycles = append(i.Lifecycles, catalog.Inside(i.Inventory, i.Lifecycles, r.in.Site.Now)...)
		}
	}
}

// applyImage gives w what it inherits from its image. What runs a container
// wins over the image: Docker's own precedence.
func (r *resolver) applyImage(w *model.Workload) {
	if w.Image == nil {
		w.Image = &model.Image{Name: w.Name, Surface: w.Surface, Use: model.RunImage}
	}
	ref := w.Image.Ref.Value
	if !slices.Contains(w.Image.Workloads, w) {
		w.Image.Workloads = append(w.Image.Workloads, w)
	}
	w.Role = catalog.Role(ref)
	if w.Surface == model.Dockerfile || w.Surface == model.ImageStore {
		return // made from the image: project has set it all
	}
	c := r.configOf(w)
	if w.Surface == model.Container {
		markImageEnv(w, c)
		return // the engine has joined image and command line already
	}
	inheritUser(w, c)
	if c == nil {
		// An image may bring a health check; a cluster does not look at it.
		w.Health.Likely = w.Surface != model.Kube && w.Health.State == model.Unset
		return
	}
	if w.Surface != model.Kube && w.Health.State == model.Unset {
		edit := w.Health.Edit
		place := w.Health
		w.Health = c.Health
		if !w.Health.Span.IsValid() {
			w.Health.Span, w.Health.Path = place.Span, place.Path
		}
		if w.Health.Edit == nil {
			w.Health.Edit = edit
		}
	}
	if w.Entrypoint.State == model.Unset { // the image's command is for the image's entrypoint
		inherit(&w.Command, c.Command)
	}
	inherit(&w.Entrypoint, c.Entrypoint)
	inherit(&w.WorkingDir, c.WorkingDir)
	w.Exposed = append(w.Exposed, c.Exposed...)
	inheritEnv(w, c.Env)
}

// configOf returns the configuration of the image w runs, or nil.
func (r *resolver) configOf(w *model.Workload) *model.ImageConfig {
	if w.Build != nil && w.Build.Target != nil && w.Build.Target.Config != nil {
		w.Image.Config = w.Build.Target.Config
		return w.Image.Config
	}
	if w.Source != nil {
		return nil // built from something that is not here; a local image of that name may be older
	}
	if w.Image.Config == nil && w.Image.Ref.Known() && w.Image.Ref.Value.Raw != "" {
		w.Image.Config = r.configIn(w.Image)
	}
	return w.Image.Config
}

// inheritUser gives w the user of its image where w names none.
func inheritUser(w *model.Workload, c *model.ImageConfig) {
	if w.User.State != model.Unset {
		return
	}
	if c == nil || !c.User.Known() {
		w.User.Likely = true
		return
	}
	own := w.User
	w.User = c.User
	if w.Build == nil || !w.User.Span.IsValid() || w.User.Edit == nil {
		// The image has no text here: what can be edited is what runs it.
		w.User.Span, w.User.Path, w.User.Edit, w.User.Delete = own.Span, own.Path, own.Edit, own.Delete
	}
	w.User.State = model.Set
}

// inherit gives dst the image's value where what runs the image says nothing.
func inherit[T any](dst *model.Fact[T], image model.Fact[T]) {
	if dst.State == model.Unset && image.State != model.Unset {
		*dst = image
	}
}

// inheritEnv adds the image's variables that w does not set itself.
func inheritEnv(w *model.Workload, env []model.Variable) {
	own := map[string]bool{}
	for _, v := range w.Env {
		own[v.Name] = true
	}
	for _, v := range env {
		if !own[v.Name] {
			v.Image = true
			w.Env = append(w.Env, v)
		}
	}
}

// markImageEnv tells a container's own variables from those of its image.
func markImageEnv(w *model.Workload, c *model.ImageConfig) {
	if c == nil {
		return
	}
	for i := range w.Env {
		v := &w.Env[i]
		v.Image = v.Image || slices.ContainsFunc(c.Env, func(x model.Variable) bool {
			return x.Name == v.Name && x.Value.Value == v.Value.Value
		})
	}
}

// resolveUser looks a user's name up in the passwd file of the image.
func resolveUser(w *model.Workload) {
	u := &w.User.Value
	if u.UID >= 0 || w.Image.Config == nil || w.Image.Config.Passwd == nil {
		return
	}
	name, _, _ := strings.Cut(u.Name, ":")
	if known, ok := w.Image.Config.Passwd[name]; ok {
		u.UID = known.UID
		if u.GID < 0 {
			u.GID = known.GID
		}
	}
}
