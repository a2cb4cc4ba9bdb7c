package dockerfile

import (
	"fmt"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A printer prints what was read, one fact a line, with its place.
type printer struct {
	strings.Builder
}

func (p *printer) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// at returns a span as lines and columns.
func at(s source.Span) string {
	if !s.IsValid() {
		return "-"
	}
	a, b := s.Position(), s.EndPosition()
	if a.Line == b.Line {
		return fmt.Sprintf("%d:%d-%d", a.Line, a.Column, b.Column)
	}
	return fmt.Sprintf("%d:%d-%d:%d", a.Line, a.Column, b.Line, b.Column)
}

func fact[T any](f model.Fact[T]) string {
	s := fmt.Sprintf("%+v", any(f.Value))
	if v, ok := any(f.Value).(string); ok {
		s = fmt.Sprintf("%q", v)
	}
	switch f.State {
	case model.Unset:
		s += " unset"
	case model.Unknown:
		s += " unknown"
	}
	if f.Likely {
		s += " likely"
	}
	return s + " @" + at(f.Span)
}

func words(list []model.Word) string {
	var out []string
	for _, w := range list {
		s := fmt.Sprintf("%q", w.Value)
		if w.State == model.Unknown {
			s = "?" + s
		}
		out = append(out, s+"@"+at(w.Span))
	}
	return strings.Join(out, " ")
}

func printFacts(f *model.Facts) string {
	p := &printer{}
	b := f.Builds[0]
	if b.Syntax.State == model.Set {
		p.line("syntax %s", fact(b.Syntax))
	}
	if b.Windows {
		p.line("windows")
	}
	for _, in := range b.Instructions {
		p.instruction(in)
	}
	for _, s := range b.Stages {
		p.stage(s, s == b.Target)
	}
	for _, i := range f.Images {
		p.line("image %s in stage %d, %s, tag %q digest %q", i.Name, i.Stage.Index, fact(model.Fact[string]{Value: i.Ref.Value.Repository, State: i.Ref.State, Span: i.Ref.Span}), i.Ref.Value.Tag, i.Ref.Value.Digest)
	}
	for _, x := range f.Faults {
		p.line("fault @%s %s", at(x.Place.Span), x.Message)
	}
	return p.String()
}

func (p *printer) instruction(in *model.Instruction) {
	stage := "-"
	if in.Stage != nil {
		stage = fmt.Sprint(in.Stage.Index)
	}
	var marks string
	if in.OnBuild {
		marks += " onbuild"
	}
	if in.JSON {
		marks += " json"
	}
	p.line("%s @%s stage %s%s", in.Name, at(in.Span), stage, marks)
	if in.Name == "RUN" {
		p.line("  as %s", fact(in.User))
	}
	for _, f := range in.Flags {
		p.line("  --%s %s", f.Name, fact(f.Value))
	}
	if len(in.Words) > 0 && (len(in.Scripts) == 0 || in.JSON) {
		p.line("  %s", words(in.Words))
	}
	for _, x := range in.Pairs {
		p.line("  %s@%s = %s", x.Name, at(x.Key), fact(x.Value))
	}
	for _, h := range in.Heredocs {
		p.line("  heredoc %s @%s", h.Name, at(h.Span))
	}
	for _, m := range in.Mounts {
		span := m.Span
		m.Span = source.Span{}
		p.line("  mount %s id=%s from=%s source=%s target=%s env=%s ro=%v @%s", m.Type, m.ID, m.From, m.Source, m.Target, m.Env, m.ReadOnly, at(span))
	}
	for _, s := range in.Scripts {
		p.script(s)
	}
}

func (p *printer) script(s *model.Script) {
	marks := ""
	for _, m := range []struct {
		on   bool
		name string
	}{{!s.Parsed, " unparsed"}, {s.PipeFail, " pipefail"}, {s.ErrExit, " errexit"}} {
		if m.on {
			marks += m.name
		}
	}
	if s.Error != "" {
		marks += " error: " + s.Error
	}
	p.line("  script %q @%s%s", s.Shell, at(s.Span), marks)
	index := map[*model.Command]int{}
	for i, c := range s.Commands {
		index[c] = i
	}
	for i, c := range s.Commands {
		var out []string
		if c.Last {
			out = append(out, "last")
		}
		if c.Pipe != nil {
			out = append(out, fmt.Sprintf("pipe to %d", index[c.Pipe]))
		}
		if c.Feeds != nil {
			out = append(out, fmt.Sprintf("feeds %d", index[c.Feeds]))
		}
		p.line("    %d %-2s %q %s", i, c.After, c.Name, strings.Join(out, ", "))
		if len(c.Wrapper) > 0 {
			p.line("      wrapper %s", words(c.Wrapper))
		}
		for _, a := range c.Assigns {
			p.line("      %s = %s", a.Name, fact(a.Value))
		}
		if len(c.Words) > 0 {
			p.line("      %s", words(c.Words))
		}
		if len(c.Writes) > 0 {
			p.line("      writes %s", words(c.Writes))
		}
	}
}

func (p *printer) stage(s *model.Stage, target bool) {
	marks := ""
	if target {
		marks += " target"
	}
	if s.Needed {
		marks += " needed"
	}
	if s.Scratch {
		marks += " scratch"
	}
	if s.Parent != nil {
		marks += fmt.Sprintf(" on %d", s.Parent.Index)
	}
	p.line("stage %d %s%s", s.Index, fact(s.Name), marks)
	p.line("  base %s", fact(model.Fact[string]{Value: s.Base.Value.Raw, State: s.Base.State, Span: s.Base.Span}))
	if s.Platform.State != model.Unset {
		p.line("  platform %s", fact(s.Platform))
	}
	p.line("  user %s", fact(s.User))
	p.line("  workdir %s", fact(s.WorkingDir))
	p.line("  shell %s", fact(s.Shell))
	p.line("  entrypoint %s", fact(s.Entrypoint))
	p.line("  command %s", fact(s.Command))
	p.line("  health %s", fact(s.Health))
	for _, v := range s.Env {
		p.line("  env %s %s", v.Name, fact(v.Value))
	}
	for _, e := range s.Exposed {
		p.line("  expose %d-%d/%s %s @%s", e.First, e.Last, e.Protocol, e.State, at(e.Place.Span))
	}
	for _, v := range s.Volumes {
		p.line("  volume %s", fact(v))
	}
	for _, l := range s.Labels {
		p.line("  label %s %s", l.Name, fact(l.Value))
	}
	p.line("  config %s/%s stop=%s onbuild=%q", s.Config.OS, s.Config.Arch, s.Config.StopSignal, s.Config.OnBuild)
}
