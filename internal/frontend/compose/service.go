package compose

import (
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
	"bulkhead/internal/source"
)

// workloads fills in the facts of project p.
func (r *reader) workloads(p *project) {
	for _, section := range [...]string{"services", "jobs"} {
		for _, res := range p.sections[section] {
			res.v.prune()
		}
	}
	for _, section := range sectionNames()[2:] {
		for _, res := range p.sections[section] {
			res.v.prune()
		}
	}
	nets := r.networks(p)
	for _, section := range [...]string{"services", "jobs"} {
		for _, res := range p.sections[section] {
			if res.v.get("provider") != nil {
				r.note("service "+res.name, "is run by a provider, not by the engine")
				continue
			}
			s := &service{r, p, res}
			w := s.workload()
			w.Short = section == "jobs"
			s.attach(w, nets)
			r.facts.Workloads = append(r.facts.Workloads, w)
			r.facts.Images = append(r.facts.Images, w.Image)
		}
	}
	r.markShort(p)
}

// markShort marks the services that others wait for to end.
func (r *reader) markShort(p *project) {
	ends := map[string]bool{}
	for _, res := range p.sections["services"] {
		deps := res.v.get("depends_on")
		if deps == nil {
			continue
		}
		for _, e := range deps.entries {
			if c := e.val.get("condition"); c.scalar() && c.text == "service_completed_successfully" {
				ends[e.key] = true
			}
		}
	}
	for _, w := range r.facts.Workloads {
		w.Short = w.Short || ends[w.Service]
	}
}

// workload returns the workload service s becomes.
func (s *service) workload() *model.Workload {
	w := &model.Workload{
		Name: s.res.name, Surface: model.Compose, Place: model.Place{Span: s.res.key},
		Kind: "service", Project: s.r.name, Service: s.res.name, Inactive: s.inactive(),
	}
	if n := s.at("container_name"); n.scalar() && !n.unknown {
		w.Container = n.text
	}
	w.Source = s.build()
	w.Image = s.image(w)
	w.User = fact(s, userForm(), model.User{GID: -1}, "user")
	if w.User.State == model.Set && w.User.Value.Name == "" {
		w.User.State = s.unset() // an empty user leaves it to the image
	}
	w.Groups = s.words(same, "group_add")
	w.Entrypoint = s.argv("entrypoint")
	w.Command = s.argv("command")
	w.WorkingDir = fact(s, stringForm(), "", "working_dir")
	w.Env = s.environment()
	w.Labels = s.pairs("labels")
	w.Stdin = fact(s, boolForm(), false, "stdin_open")
	w.TTY = fact(s, boolForm(), false, "tty")
	w.PublishAll = model.Fact[bool]{Span: s.res.key}
	s.security(w)
	s.limits(w)
	w.Log, w.Restart, w.Health = s.log(), s.restart(), s.health()
	w.Ports, w.Exposed = s.ports(), s.exposed()
	w.Links = s.words(same, "links")
	w.Mounts, w.AddFolder = s.mounts(), s.addFolder
	w.MountsAll = model.Set
	if s.res.partial || !s.at("volumes_from").isNull() {
		w.MountsAll = model.Unknown
	}
	w.Devices = s.devices()
	w.Secrets = s.secrets()
	unknown(w, s.res.key)
	return w
}

// unknown fills in what a Compose file cannot say.
func unknown(w *model.Workload, at source.Span) {
	no := model.Fact[bool]{State: model.Unknown, Span: at}
	w.NonRoot, w.ServiceAccountToken, w.HostProcess, w.NetworkPolicy = no, no, no, no
	w.ServiceAccount = model.Fact[string]{State: model.Unknown, Span: at}
	w.PullPolicy = w.ServiceAccount
}

// inactive reports whether profiles keep s from starting.
func (s *service) inactive() bool {
	v := s.at("profiles")
	if v.isNull() || len(listOf(v).items) == 0 {
		return false
	}
	for _, i := range listOf(v).items {
		if slices.Contains(s.r.o.Profiles, i.text) {
			return false
		}
	}
	return !slices.Contains(s.r.o.Profiles, "*")
}

// image returns the image s runs. Its reference is unset where s has only a
// build.
func (s *service) image(w *model.Workload) *model.Image {
	i := &model.Image{Surface: model.Compose, Use: model.RunImage, Built: w.Source != nil, Workloads: []*model.Workload{w}}
	i.Ref = fact(s, refForm(), model.Reference{}, "image")
	if v := s.at("image"); v != nil && v.unknown {
		i.Ref.Value = partialRef(v.text)
	}
	i.Name = i.Ref.Value.Raw
	if i.Name == "" {
		i.Name = s.res.name
		if s.r.name != "" {
			i.Name = s.r.name + "-" + s.res.name
		}
	}
	return i
}

func refForm() form[model.Reference] {
	return form[model.Reference]{oci.ParseReference, func(r model.Reference) yamltext.Lit { return yamltext.Str(r.Raw) }}
}

// partialRef returns what is known of a reference with unknown variables: its
// repository, where they come after it.
func partialRef(text string) model.Reference {
	ref := model.Reference{Raw: text}
	before, _, ok := strings.Cut(text, "$")
	if !ok {
		return ref
	}
	known := before
	end := strings.LastIndexAny(known, ":@")
	if end < 0 || strings.Contains(known[end:], "/") {
		return ref
	}
	if at := strings.IndexByte(known, '@'); at >= 0 {
		end = at
	}
	if p, err := oci.ParseReference(known[:end]); err == nil {
		ref.Registry, ref.Repository, ref.Tag = p.Registry, p.Repository, p.Tag
	}
	return ref
}

func userForm() form[model.User] {
	return form[model.User]{parseUser, func(u model.User) yamltext.Lit {
		if u.Name != "" {
			return yamltext.Str(u.Name)
		}
		name := strconv.FormatInt(u.UID, 10)
		if u.GID >= 0 {
			name += ":" + strconv.FormatInt(u.GID, 10)
		}
		return yamltext.Str(name)
	}}
}

// parseUser reads a user as the engine does: a name or uid, and a group.
func parseUser(text string) (model.User, error) {
	user, group, _ := strings.Cut(text, ":")
	return model.User{Name: text, UID: id(user, 0), GID: id(group, -1)}, nil
}

// id returns the number that name is, none where it is empty, 0 for root, and
// -1 for a name only the image can resolve.
func id(name string, none int64) int64 {
	switch name {
	case "":
		return none
	case "root":
		return 0
	}
	if n, err := strconv.ParseInt(name, 10, 64); err == nil && n >= 0 {
		return n
	}
	return -1
}

// build returns how the image of s is built, or nil.
func (s *service) build() *model.BuildSource {
	v := s.at("build")
	if v.isNull() {
		return nil
	}
	in := v.in
	b := &model.BuildSource{Dir: in.dir}
	if v.scalar() {
		b.Context = itemFact(v, v.text, yamltext.Str)
		b.Dockerfile = model.Fact[string]{Value: "Dockerfile", State: s.unset(), Span: v.span()}
		b.Target = model.Fact[string]{State: s.unset(), Span: v.span()}
		return b
	}
	if c := v.get("context"); c != nil {
		b.Dir = c.in.dir
	}
	b.Context = fact(s, stringForm(), ".", "build", "context")
	b.Dockerfile = fact(s, stringForm(), "Dockerfile", "build", "dockerfile")
	b.Target = fact(s, stringForm(), "", "build", "target")
	b.Args = s.variables(entriesOf(v.get("args")))
	if i := v.get("dockerfile_inline"); i.scalar() {
		b.Inline = source.NewFile(i.y.File().Name+" ("+s.res.name+" dockerfile_inline)", []byte(i.text))
	}
	return b
}

// argv reads a command: a list, or words as a shell splits them.
func (s *service) argv(key string) model.Fact[model.Argv] {
	f := model.Fact[model.Argv]{
		State: s.unset(), Span: s.res.key,
		Edit: func(a model.Argv) []source.Edit {
			if a.Shell {
				return s.set(yamltext.Strs(append([]string{"/bin/sh", "-c"}, a.Args...)...), key)
			}
			return s.set(yamltext.Strs(a.Args...), key)
		},
	}
	v := s.at(key)
	if v.isNull() {
		return f
	}
	f.Span, f.State, f.Delete = v.head(), model.Set, s.deleter(key)
	if v.kind == yamltext.Sequence {
		f.Value.Args = []string{}
		for _, i := range v.items {
			f.Value.Args = append(f.Value.Args, i.text)
			if i.unknown {
				f.State = model.Unknown
			}
		}
		return f
	}
	words, ok := split(v.text)
	f.Value.Args = words
	if v.unknown || !ok {
		f.State = model.Unknown
	}
	if !ok {
		s.r.fault(v.span(), key+" is not a command line")
	}
	return f
}
