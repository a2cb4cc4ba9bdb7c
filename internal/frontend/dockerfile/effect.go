package dockerfile

import (
	"path"
	"strconv"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// effect applies an instruction to its stage and reads what it runs.
func (r *reader) effect(in *model.Instruction, st *statement) {
	s := r.stage
	if in.Name == "RUN" && s != nil && !in.OnBuild {
		in.User = s.User
	}
	r.scripts(in, st)
	switch {
	case s == nil:
		return
	case in.OnBuild:
		s.onBuild = append(s.onBuild, st.args.value)
		return
	case in.Name == "ARG":
		r.arg(in, s.scope)
		return
	case in.Name == "CMD":
		s.cmdSet = true
		s.Command = argv(in, st)
		return
	case in.Name == "ENTRYPOINT":
		s.Entrypoint = argv(in, st)
		if !s.cmdSet { // an inherited CMD does not outlive a new ENTRYPOINT
			s.Command = model.Fact[model.Argv]{Span: in.Keyword}
		}
		return
	}
	if len(in.Words) > 0 || len(in.Pairs) > 0 {
		r.state(s, in, st)
	}
}

// state applies the instructions that say something about the image.
func (r *reader) state(s *stage, in *model.Instruction, st *statement) {
	switch in.Name {
	case "ENV":
		r.env(s, in)
	case "LABEL":
		for _, p := range in.Pairs {
			setLabel(s, model.Label{Name: p.Name, Value: p.Value})
		}
	case "USER":
		s.userAt = len(s.Instructions) - 1
		s.User = s.user(in.Words[0])
	case "WORKDIR":
		s.WorkingDir = s.workdir(in.Words[0])
	case "SHELL":
		if in.JSON {
			s.shellAt = len(s.Instructions) - 1
			s.Shell = model.Fact[[]string]{State: model.Set, Span: argsSpan(st, st.words), Delete: in.Delete}
			for _, w := range in.Words {
				s.Shell.Value = append(s.Shell.Value, w.Value)
			}
		}
	case "EXPOSE":
		for i := range in.Words {
			r.expose(s, in.Words[i], st.words[i])
		}
	case "VOLUME":
		s.Volumes = append(s.Volumes, in.Words...)
	case "STOPSIGNAL":
		s.stop = in.Words[0].Value
	case "HEALTHCHECK":
		s.healthAt = len(s.Instructions) - 1
		s.Health = health(in, st)
	}
}

func (r *reader) env(s *stage, in *model.Instruction) {
	for _, p := range in.Pairs {
		s.scope.set(p.Name, variable{p.Value.Value, p.Value.State})
		v := model.Variable{Name: p.Name, Key: p.Key, Value: p.Value, From: model.FromLiteral, Image: true}
		found := false
		for i := range s.Env {
			if found = s.Env[i].Name == p.Name; found {
				s.Env[i] = v
				break
			}
		}
		if !found && len(s.Env) < maxList {
			s.Env = append(s.Env, v)
		}
	}
}

// maxList bounds lists that are searched for every entry added.
const maxList = 1024

func setLabel(s *stage, l model.Label) {
	for i := range s.Labels {
		if s.Labels[i].Name == l.Name {
			s.Labels[i] = l
			return
		}
	}
	if len(s.Labels) < maxList {
		s.Labels = append(s.Labels, l)
	}
}

// arg declares build arguments in sc, each of which may refer to the ones
// before it.
func (r *reader) arg(in *model.Instruction, sc *scope) {
	st := r.lines[len(r.lines)-1]
	if st.inner != nil {
		st = st.inner
	}
	for _, p := range st.pairs {
		pair := r.pair(in, st, p, sc)
		in.Pairs = append(in.Pairs, pair)
		global, declared := r.global.vars[pair.Name]
		given, isGiven := r.o.Args[pair.Name]
		switch {
		case isGiven:
			sc.set(pair.Name, variable{given, model.Set})
		case !p.bare:
			sc.set(pair.Name, variable{pair.Value.Value, pair.Value.State})
		case declared && sc != r.global:
			sc.set(pair.Name, global)
		case predefined(pair.Name):
			sc.set(pair.Name, variable{state: model.Unknown})
		default:
			if _, ok := sc.vars[pair.Name]; !ok {
				sc.set(pair.Name, variable{state: model.Unset})
			}
		}
	}
}

// user reads the argument of USER.
func (s *stage) user(w model.Word) model.Fact[model.User] {
	f := model.Fact[model.User]{State: w.State, Span: w.Span, Delete: w.Delete}
	f.Value = model.User{Name: w.Value, UID: -1, GID: -1}
	if w.State != model.Set {
		return f
	}
	f.Edit = func(u model.User) []source.Edit { return w.Edit(userArg(u)) }
	if s.windows {
		return f
	}
	name, group, hasGroup := strings.Cut(w.Value, ":")
	f.Value.UID, f.Value.GID = uid(name), -1
	known, ok := s.passwd[name]
	switch {
	case name == "root" || name == "":
		f.Value.UID = 0
		if !hasGroup {
			f.Value.GID = 0
		}
	case f.Value.UID == 0 && !hasGroup:
		f.Value.GID = 0
	case f.Value.UID < 0 && ok:
		f.Value.UID, f.Value.GID = known.UID, known.GID
	}
	if hasGroup {
		f.Value.GID = uid(group)
		if group == "root" {
			f.Value.GID = 0
		}
	}
	return f
}

// uid returns the number s is, or -1.
func uid(s string) int64 {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil && n >= 0 {
		return n
	}
	return -1
}

// userArg returns u as the argument of USER.
func userArg(u model.User) string {
	switch {
	case u.Name != "":
		return u.Name
	case u.GID >= 0:
		return strconv.FormatInt(u.UID, 10) + ":" + strconv.FormatInt(u.GID, 10)
	}
	return strconv.FormatInt(u.UID, 10)
}

func (s *stage) workdir(w model.Word) model.Fact[string] {
	if s.windows || w.State != model.Set {
		return w
	}
	if !path.IsAbs(w.Value) {
		if s.WorkingDir.State == model.Unknown {
			w.State = model.Unknown
		}
		w.Likely = s.WorkingDir.Likely
		w.Value = path.Join("/", s.WorkingDir.Value, w.Value)
		return w
	}
	w.Value = path.Clean(w.Value)
	return w
}

// argsSpan returns the span of words, the last ones of st, with the brackets
// of a JSON array.
func argsSpan(st *statement, words []token) source.Span {
	start := st.args.start
	if len(words) > 0 {
		start = words[0].start
		if i := strings.LastIndexByte(st.text.S[:start], '['); st.json && st.text.S[start] == '"' && i >= st.args.start {
			start = i
		}
	}
	return st.text.Span(start, st.args.end)
}

// argv reads the arguments of CMD and ENTRYPOINT.
func argv(in *model.Instruction, st *statement) model.Fact[model.Argv] {
	span := st.text.Span(st.args.start, st.args.end)
	f := model.Fact[model.Argv]{State: model.Set, Span: span, Delete: in.Delete}
	f.Value.Shell = !in.JSON && len(in.Words) > 0
	for _, w := range in.Words {
		f.Value.Args = append(f.Value.Args, w.Value)
	}
	f.Edit = func(v model.Argv) []source.Edit {
		text := arrayJSON(v.Args)
		if v.Shell {
			text = strings.Join(v.Args, " ")
		}
		if strings.ContainsAny(text, "\r\n") || text == "" || span.Start == span.End {
			return nil
		}
		return []source.Edit{{Span: span, New: text}}
	}
	return f
}

// health reads HEALTHCHECK.
func health(in *model.Instruction, st *statement) model.Fact[model.Health] {
	f := model.Fact[model.Health]{State: model.Set, Span: argsSpan(st, st.words), Delete: in.Delete}
	if strings.EqualFold(in.Words[0].Value, "NONE") {
		f.Value.Kind = model.DisabledHealth
		return f
	}
	f.Value.Kind = model.CommandHealth
	for _, w := range in.Words[1:] {
		f.Value.Test = append(f.Value.Test, w.Value)
	}
	return f
}

// expose reads one argument of EXPOSE, which may be several ports.
func (r *reader) expose(s *stage, w model.Word, t token) {
	p := model.Port{Place: model.Place{Span: w.Span}, Protocol: "tcp", State: w.State, Delete: w.Delete}
	p.HostIP.Span = w.Span
	specs, state, _ := r.expand.words(t.value, s.scope)
	if state == model.Unknown {
		p.State = model.Unknown
		s.Exposed = append(s.Exposed, p)
		return
	}
	for _, spec := range specs {
		p.First, p.Last, p.Protocol = 0, 0, "tcp"
		if port, proto, ok := strings.Cut(spec, "/"); ok {
			spec, p.Protocol = port, strings.ToLower(proto)
		}
		spec = spec[strings.LastIndexByte(spec, ':')+1:]
		first, last, ranged := strings.Cut(spec, "-")
		if !ranged {
			last = first
		}
		a, errA := strconv.ParseUint(first, 10, 16)
		b, errB := strconv.ParseUint(last, 10, 16)
		if errA != nil || errB != nil || b < a {
			r.fault(w.Span, "invalid port "+brief(w.Value))
			continue
		}
		p.First, p.Last = int(a), int(b)
		s.Exposed = append(s.Exposed, p)
	}
}
