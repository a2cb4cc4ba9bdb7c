package runline

import (
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A form says how values of one kind are written on a command line.
type form[T any] struct {
	parse func(s string) (T, bool)
	print func(v T) string // "" where it cannot be said by a value
}

// value reads the flag called name, of which the last use holds. Where there is
// none, def is the platform's default.
func value[T any](l *line, name string, def T, how form[T]) model.Fact[T] {
	f := l.last(name)
	if f == nil {
		return model.Fact[T]{Value: def, State: l.state(), Span: l.anchor(), Edit: func(v T) []source.Edit {
			if s := how.print(v); s != "" {
				return l.insertOne(name, s)
			}
			return nil
		}}
	}
	said := f.fact()
	out := model.Fact[T]{Value: def, State: said.State, Span: said.Span, Likely: said.Likely, Delete: l.delete(f)}
	if said.Known() {
		v, ok := how.parse(said.Value)
		if ok {
			out.Value = v
		} else {
			out.State = model.Unknown
		}
	}
	out.Edit = func(v T) []source.Edit {
		s := how.print(v)
		switch {
		case s != "" && said.Edit != nil:
			return said.Edit(s)
		case s == "" && out.Delete != nil:
			return out.Delete()
		}
		return nil
	}
	return out
}

// flagFact reads the boolean flag called name, false where it is left out.
func flagFact(l *line, name string) model.Fact[bool] {
	f := l.last(name)
	if f == nil {
		return model.Fact[bool]{State: l.state(), Span: l.anchor(), Edit: func(v bool) []source.Edit {
			if v {
				return l.insertOne(name, "")
			}
			return nil
		}}
	}
	out := model.Fact[bool]{Value: true, State: model.Set, Span: f.span(), Delete: l.delete(f)}
	if f.value != nil {
		said := f.fact()
		v, err := strconv.ParseBool(said.Value)
		out.Value, out.State, out.Likely = v, said.State, said.Likely
		if err != nil {
			out.State = model.Unknown
		}
	}
	out.Edit = func(v bool) []source.Edit {
		switch {
		case f.value != nil:
			return f.replace(0, len(f.string()), strconv.FormatBool(v))
		case !v && out.Delete != nil:
			return out.Delete()
		}
		return nil
	}
	return out
}

// list reads every use of the flag called name.
func list(l *line, name string, norm func(string) string) model.List[string] {
	out := model.List[string]{State: l.state(), Span: l.anchor(), Add: func(v string) []source.Edit {
		return l.insert(name, v)
	}}
	for _, f := range l.all(name) {
		said := f.fact()
		if said.Known() {
			said.Value = norm(said.Value)
		} else {
			out.State = model.Unknown
		}
		said.Delete = l.delete(f)
		out.Items = append(out.Items, said)
		if out.State == model.Unset {
			out.State = model.Set
		}
	}
	return out
}

// labels reads every use of a flag that takes NAME=value. The edit of a value
// replaces what is after the sign.
func labels(l *line, name string) []model.Label {
	var out []model.Label
	for _, f := range l.all(name) {
		s := f.string()
		key, val, found := strings.Cut(s, "=")
		if strings.Contains(key, hole) {
			continue
		}
		label := model.Label{Name: key, Value: f.fact()}
		label.Value.Value = ""
		if found {
			label.Value = f.part(len(s)-len(val), len(s))
		}
		label.Value.Delete = l.delete(f)
		out = append(out, label)
	}
	return out
}

// same is the norm of values that have one spelling.
func same(s string) string { return s }

// capability returns the name of a capability as the model has it.
func capability(s string) string {
	return strings.TrimPrefix(strings.ToUpper(s), "CAP_")
}

func stringForm() form[string] {
	return form[string]{
		parse: func(s string) (string, bool) { return s, true },
		print: same,
	}
}

// bytesForm is a size such as 512m. none is how the flag says no limit.
func bytesForm() form[int64] {
	return form[int64]{
		parse: func(s string) (int64, bool) {
			if s == "-1" {
				return -1, true
			}
			n, err := units.RAMInBytes(s)
			return n, err == nil
		},
		print: printBytes,
	}
}

// printBytes writes n as people do: in the largest unit that divides it.
func printBytes(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{units.GiB, "g"}, {units.MiB, "m"}, {units.KiB, "k"}} {
		if n >= u.size && n%u.size == 0 {
			return strconv.FormatInt(n/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func intForm() form[int64] {
	return form[int64]{
		parse: func(s string) (int64, bool) {
			n, err := strconv.ParseInt(s, 10, 64)
			return n, err == nil
		},
		print: func(n int64) string { return strconv.FormatInt(n, 10) },
	}
}

func floatForm() form[float64] {
	return form[float64]{
		parse: func(s string) (float64, bool) {
			n, err := strconv.ParseFloat(s, 64)
			return n, err == nil && n >= 0 && n < 1e9
		},
		print: func(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) },
	}
}

// userForm is the form of --user: NAME, UID, either with a group.
func userForm() form[model.User] {
	return form[model.User]{
		parse: func(s string) (model.User, bool) {
			name, group, _ := strings.Cut(s, ":")
			u := model.User{Name: s, UID: id(name), GID: id(group)}
			if group == "" && u.UID != 0 {
				u.GID = -1
			}
			return u, true
		},
		print: func(u model.User) string {
			if u.Name == "" && u.UID > 0 {
				return strconv.FormatInt(u.UID, 10)
			}
			return u.Name
		},
	}
}

// id returns the number of a user or group: 0 for root and for none, -1 for a
// name that only the image can resolve.
func id(s string) int64 {
	if s == "" || s == "root" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// namespaceForm is the form of --pid, --ipc, --uts, --userns and --cgroupns.
// Modes are those the flag takes besides host and container:NAME.
func namespaceForm(modes ...string) form[model.Namespace] {
	return form[model.Namespace]{
		parse: func(s string) (model.Namespace, bool) {
			if target, ok := strings.CutPrefix(s, "container:"); ok {
				return model.Namespace{Mode: "container", Target: target}, true
			}
			if s == "private" {
				s = ""
			}
			return model.Namespace{Mode: s}, s == "" || s == "host" || slices.Contains(modes, s)
		},
		print: func(n model.Namespace) string {
			if n.Mode == "container" {
				return "container:" + n.Target
			}
			return n.Mode
		},
	}
}
