package compose

import (
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// environment reads the variables of the container: those of its environment
// files, then those written in the service, which go first.
func (s *service) environment() []model.Variable {
	var out []model.Variable
	at := map[string]int{}
	add := func(v model.Variable) {
		if i, ok := at[v.Name]; ok {
			out[i] = v
			return
		}
		at[v.Name] = len(out)
		out = append(out, v)
	}
	for _, v := range s.envFiles() {
		add(v)
	}
	for _, v := range s.variables(entriesOf(s.at("environment"))) {
		add(v)
	}
	return out
}

// variables returns the variables that entries of environment or args state.
func (s *service) variables(entries []entry) []model.Variable {
	var out []model.Variable
	for _, e := range entries {
		v := model.Variable{Name: e.key, Key: e.at, Value: e.fact(), From: model.FromLiteral}
		passed := e.val.isNull()
		if e.val.listed {
			passed = !strings.Contains(e.val.text, "=")
		}
		if passed {
			v.From, v.Value.Edit = model.FromShell, nil
			v.Value.Value, v.Value.State = "", model.Unknown
			if text, ok := e.val.in.lookup(e.key); ok {
				v.Value.Value, v.Value.State = text, model.Set
			}
		}
		out = append(out, v)
	}
	return out
}

// envFiles returns the variables of the files that env_file names.
func (s *service) envFiles() []model.Variable {
	v := s.at("env_file")
	if v.isNull() {
		return nil
	}
	var out []model.Variable
	for _, i := range listOf(v).items {
		path, format, required := i, "", true
		if i.kind == yamltext.Mapping {
			path = i.get("path")
			if f := i.get("format"); f.scalar() {
				format = f.text
			}
			if q := i.get("required"); q.scalar() {
				b, err := parseBool(q.text)
				required = b || err != nil
			}
		}
		if path.scalar() {
			out = append(out, s.envFile(path, format, required)...)
		}
	}
	return out
}

// envFile returns the variables of one environment file. One that is missing
// is noted: it often is not kept where the Compose file is.
func (s *service) envFile(v *value, format string, required bool) []model.Variable {
	name := join(v.in.dir, v.text)
	if v.unknown {
		s.r.note(v.text, "depends on a variable that is not known")
		return nil
	}
	f, err := s.r.read(name)
	if err != nil {
		if required {
			s.r.note(name, "is not here")
		}
		return nil
	}
	vars := s.r.env(envKey{f, v.in, format == "raw"})
	if s.r.budget -= len(vars); s.r.budget < 0 {
		s.r.fault(v.span(), "project is too large")
		return nil
	}
	var out []model.Variable
	for _, e := range vars {
		x := model.Variable{Name: e.name, Key: e.key, From: model.FromFile, File: e.fileName}
		x.Value = model.Fact[string]{Value: e.value, State: model.Set, Span: e.at}
		if e.passed {
			x.From = model.FromShell
		}
		if e.unknown {
			x.Value.State = model.Unknown
		}
		out = append(out, x)
	}
	return out
}

// An envKey is an environment file and what it is read with.
type envKey struct {
	file *source.File
	in   *input
	raw  bool
}

// env returns the variables of an environment file, which is read once
// however many services name it.
func (r *reader) env(k envKey) []variable {
	vars, ok := r.envs[k]
	if !ok {
		if k.raw {
			vars = rawEnv(k.file)
		} else {
			vars = r.dotenv(k.file, k.in.lookup)
		}
		r.envs[k] = vars
	}
	return vars
}
