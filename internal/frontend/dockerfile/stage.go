package dockerfile

import (
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A stage is a stage of a build while it is read.
type stage struct {
	*model.Stage
	scope   *scope
	lines   []*statement // as Instructions
	needs   []*stage     // stages it is built on or takes files from
	passwd  map[string]model.User
	windows bool
	arch    string

	// Indexes in Instructions of its last USER, HEALTHCHECK and SHELL, -1
	// where it has none.
	userAt   int
	healthAt int
	shellAt  int
	cmdSet   bool // CMD is this stage's own
	stop     string
	onBuild  []string
}

// from begins the stage of FROM.
func (r *reader) from(st *statement, in *model.Instruction) {
	m := &model.Stage{Build: r.build, Index: len(r.stages), From: in, Instructions: []*model.Instruction{in}}
	s := &stage{Stage: m, userAt: -1, healthAt: -1, shellAt: -1, lines: []*statement{st}}
	in.Stage = m
	r.words(in, st)
	m.Name.Span, m.Base.Span = in.Keyword, in.Keyword
	if len(in.Words) == 3 && strings.EqualFold(in.Words[1].Value, "as") {
		m.Name = model.Fact[string]{Value: strings.ToLower(in.Words[2].Value), State: model.Set, Span: in.Words[2].Span}
	}
	m.Platform = model.Fact[string]{Span: in.Keyword}
	for _, f := range in.Flags {
		if f.Name == "platform" {
			m.Platform = f.Value
		}
	}
	r.base(s, in)
	r.stages = append(r.stages, s)
	r.build.Stages = append(r.build.Stages, m)
	if r.names == nil {
		r.names = map[string]*stage{}
	}
	if m.Name.State == model.Set {
		r.names[m.Name.Value] = s
	}
	r.stage = s
}

// base settles what s starts from and what it inherits.
func (r *reader) base(s *stage, in *model.Instruction) {
	if len(in.Words) == 0 {
		s.Base.State = model.Unknown
		r.inheritUnknown(s, in.Keyword)
		return
	}
	w := in.Words[0]
	s.Base = model.Fact[model.Reference]{Value: model.Reference{Raw: w.Value}, State: w.State, Span: w.Span}
	parent := r.names[strings.ToLower(w.Value)]
	switch {
	case w.State == model.Unknown:
	case parent != nil:
		s.Parent, s.needs = parent.Stage, []*stage{parent}
		s.Base.Edit = rewrite(w, s.Base.Value)
		r.inherit(s, parent)
		return
	case w.Value == "scratch":
		s.Scratch = true
		s.Base.Edit = rewrite(w, s.Base.Value)
		r.inheritNothing(s, w.Span)
		return
	default:
		s.Base.Value = r.reference(w)
	}
	if w.State == model.Set {
		s.Base.Edit = rewrite(w, s.Base.Value)
	}
	s.Image = r.image(s, s.Base)
	var config *model.ImageConfig
	if r.o.Base != nil && s.Base.State == model.Set && s.Base.Value.Repository != "" {
		config = r.o.Base(s.Base.Value)
	}
	s.windows = r.isWindows(s, config)
	if config == nil {
		r.inheritUnknown(s, w.Span)
		return
	}
	s.Image.Config = config
	r.inheritConfig(s, config, w.Span)
}

// image notes the use of an image in stage s.
func (r *reader) image(s *stage, ref model.Fact[model.Reference]) *model.Image {
	i := &model.Image{
		Name: ref.Value.Raw, Surface: model.Dockerfile, Ref: ref, Use: model.BaseImage, Stage: s.Stage,
	}
	r.facts.Images = append(r.facts.Images, i)
	return i
}

// rewrite returns the edit that makes w, which names old, name another image.
// A name made of build arguments stays as it is: writing it out would take
// the choice from whoever builds.
func rewrite(w model.Word, old model.Reference) func(model.Reference) []source.Edit {
	return func(v model.Reference) []source.Edit {
		name := v.Raw
		if name == old.Raw && v.Repository != "" {
			name = v.Familiar()
			if v.Tag != "" {
				name += ":" + v.Tag
			}
			if v.Digest != "" {
				name += "@" + v.Digest
			}
		}
		if strings.Contains(w.Span.Text(), "$") || name == "" || w.Edit == nil {
			return nil
		}
		return w.Edit(name)
	}
}

// isWindows reports whether what is built on s runs on Windows.
func (r *reader) isWindows(s *stage, config *model.ImageConfig) bool {
	if config != nil && config.OS != "" {
		return config.OS == "windows"
	}
	if s.Platform.State == model.Set {
		if strings.HasPrefix(s.Platform.Value, "windows") {
			return true
		}
		if strings.HasPrefix(s.Platform.Value, "linux") {
			return false
		}
	}
	ref := strings.ToLower(s.Base.Value.Raw)
	for _, sign := range [...]string{"nanoserver", "windowsservercore", "windows/", "dotnet/framework", "-ltsc20", ":ltsc20"} {
		if strings.Contains(ref, sign) {
			return true
		}
	}
	return r.expand.escape == '`'
}

// inherit gives s what parent's image says.
func (r *reader) inherit(s, parent *stage) {
	s.windows, s.passwd, s.stop, s.arch = parent.windows, parent.passwd, parent.stop, parent.arch
	r.inherited += len(parent.scope.vars) + len(parent.Env) + len(parent.Exposed) + len(parent.Volumes) + len(parent.Labels)
	if r.inherited > maxInherited {
		if !r.refused {
			r.refused = true
			r.fault(s.From.Keyword, "too much is inherited from stage to stage")
		}
		r.inheritUnknown(s, s.Base.Span)
		return
	}
	s.scope = parent.scope.clone()
	s.User, s.WorkingDir, s.Shell = fixed(parent.User), fixed(parent.WorkingDir), fixed(parent.Shell)
	s.Entrypoint, s.Command, s.Health = fixed(parent.Entrypoint), fixed(parent.Command), fixed(parent.Health)
	s.Env, s.Labels = slices.Clone(parent.Env), slices.Clone(parent.Labels)
	s.Exposed, s.Volumes = slices.Clip(parent.Exposed), slices.Clip(parent.Volumes)
}

// fixed returns f without its edits: they belong to another stage.
func fixed[T any](f model.Fact[T]) model.Fact[T] {
	f.Edit, f.Delete = nil, nil
	return f
}

func (r *reader) inheritUnknown(s *stage, at source.Span) {
	r.inheritNothing(s, at)
	s.scope.open = true
	s.User.Likely, s.WorkingDir.Likely, s.Shell.Likely = true, true, true
	s.Entrypoint.Likely, s.Command.Likely, s.Health.Likely = true, true, true
}

// inheritNothing gives s the defaults of the platform.
func (r *reader) inheritNothing(s *stage, at source.Span) {
	s.scope = &scope{}
	s.User.Span, s.WorkingDir.Span, s.Shell.Span = at, at, at
	s.Entrypoint.Span, s.Command.Span, s.Health.Span = at, at, at
	s.WorkingDir.Value, s.Shell.Value = "/", []string{"/bin/sh", "-c"}
	if s.windows {
		s.User.Value = model.User{UID: -1, GID: -1} // ContainerAdministrator or ContainerUser
		s.WorkingDir.Value, s.Shell.Value = `C:\`, []string{"cmd", "/S", "/C"}
	}
}

// inheritConfig gives s what the configuration of its base image says.
func (r *reader) inheritConfig(s *stage, c *model.ImageConfig, at source.Span) {
	r.inheritNothing(s, at)
	s.passwd, s.stop, s.arch = c.Passwd, c.StopSignal, c.Arch
	s.User = moved(c.User, at)
	s.Entrypoint, s.Command, s.Health = moved(c.Entrypoint, at), moved(c.Command, at), moved(c.Health, at)
	if c.WorkingDir.Value != "" {
		s.WorkingDir = moved(c.WorkingDir, at)
	}
	for _, v := range c.Env {
		v.Key, v.Value, v.Image = at, moved(v.Value, at), true
		s.Env = append(s.Env, v)
		s.scope.set(v.Name, variable{v.Value.Value, v.Value.State})
	}
	for _, p := range c.Exposed {
		p.Place, p.Delete = model.Place{Span: at}, nil
		s.Exposed = append(s.Exposed, p)
	}
	for _, v := range c.Volumes {
		s.Volumes = append(s.Volumes, moved(v, at))
	}
	for _, l := range c.Labels {
		s.Labels = append(s.Labels, model.Label{Name: l.Name, Value: moved(l.Value, at)})
	}
}

// moved returns a fact about a base image as one seen at the place that names
// the image.
func moved[T any](f model.Fact[T], at source.Span) model.Fact[T] {
	return model.Fact[T]{Value: f.Value, State: f.State, Likely: f.Likely, Span: at}
}

// unsettle makes unknown what instructions that were not read may have said.
func (s *stage) unsettle() {
	s.User.State, s.WorkingDir.State, s.Shell.State = model.Unknown, model.Unknown, model.Unknown
	s.Entrypoint.State, s.Command.State, s.Health.State = model.Unknown, model.Unknown, model.Unknown
}

// close completes s when all its instructions are read.
func (r *reader) close(s *stage) {
	s.User.Edit = func(u model.User) []source.Edit { return r.setUser(s, u) }
	s.Health.Edit = func(h model.Health) []source.Edit { return r.setHealth(s, h) }
	s.Shell.Edit = func(v []string) []source.Edit { return r.setShell(s, v) }
	s.Config = &model.ImageConfig{
		OS: "linux", Arch: s.arch, User: s.User, Env: s.Env, Entrypoint: s.Entrypoint, Command: s.Command, WorkingDir: s.WorkingDir,
		Exposed: s.Exposed, Volumes: s.Volumes, Labels: s.Labels, Health: s.Health,
		StopSignal: s.stop, OnBuild: s.onBuild, Passwd: s.passwd,
	}
	if s.windows {
		s.Config.OS = "windows"
	}
	if s.Platform.State == model.Set {
		if os, rest, ok := strings.Cut(s.Platform.Value, "/"); ok {
			s.Config.OS = os
			s.Config.Arch, _, _ = strings.Cut(rest, "/")
		}
	}
}
