package compose

import (
	"strconv"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// security fills in what confines the container.
func (s *service) security(w *model.Workload) {
	w.Privileged = fact(s, boolForm(), false, "privileged")
	w.CapAdd = s.words(capability, "cap_add")
	w.CapDrop = s.words(capability, "cap_drop")
	w.ReadOnlyRoot = fact(s, boolForm(), false, "read_only")
	w.PID = fact(s, namespaceForm(), model.Namespace{}, "pid")
	w.IPC = fact(s, namespaceForm(), model.Namespace{}, "ipc")
	w.UTS = fact(s, namespaceForm(), model.Namespace{}, "uts")
	w.UserNS = fact(s, namespaceForm(), model.Namespace{}, "userns_mode")
	w.CgroupNS = fact(s, namespaceForm(), model.Namespace{}, "cgroup")
	w.Network = fact(s, namespaceForm(), model.Namespace{}, "network_mode")
	w.CgroupParent = fact(s, stringForm(), "", "cgroup_parent")
	w.Sysctls = s.pairs("sysctls")
	s.options(w)
}

func capability(name string) string {
	return strings.TrimPrefix(strings.ToUpper(name), "CAP_")
}

func namespaceForm() form[model.Namespace] {
	return form[model.Namespace]{parseNamespace, func(n model.Namespace) yamltext.Lit {
		if n.Target != "" {
			return yamltext.Str(n.Mode + ":" + n.Target)
		}
		return yamltext.Str(n.Mode)
	}}
}

func parseNamespace(text string) (model.Namespace, error) {
	if mode, target, ok := strings.Cut(text, ":"); ok && (mode == "service" || mode == "container") {
		return model.Namespace{Mode: mode, Target: target}, nil
	}
	if text == "private" {
		text = ""
	}
	return model.Namespace{Mode: text}, nil
}

// An option is one item of security_opt.
type option struct {
	name, text string
	v          *value
}

// parseOption splits an item as the engine does: at "=", else at ":".
func parseOption(v *value) option {
	name, text, ok := strings.Cut(v.text, "=")
	if !ok {
		name, text, _ = strings.Cut(v.text, ":")
	}
	if v.text == "disable" { // the old spelling of label=disable
		name, text = "label", "disable"
	}
	return option{name, text, v}
}

// options fills in the facts that security_opt states. Of an option given
// several times, the last counts.
func (s *service) options(w *model.Workload) {
	v := s.at("security_opt")
	last := map[string]option{}
	var labels []option
	state := s.unset()
	if !v.isNull() {
		for _, i := range listOf(v).items {
			o := parseOption(i)
			if i.unknown && strings.Contains(o.name, "$") {
				state = model.Unknown
				continue
			}
			last[o.name] = o
			if o.name == "label" {
				labels = append(labels, o)
			}
		}
	}
	w.NoNewPrivileges = optionFact(s, state, last["no-new-privileges"], false, "no-new-privileges:",
		func(text string) (bool, bool) {
			if text == "" {
				return true, true
			}
			b, err := strconv.ParseBool(text)
			return b, err == nil
		}, strconv.FormatBool)
	w.Seccomp = optionFact(s, state, last["seccomp"], defaultProfile, "seccomp:", known, same)
	w.Seccomp.Edit = unlessDefault(w.Seccomp.Edit) // compose would look for a file of that name
	w.AppArmor = optionFact(s, state, last["apparmor"], defaultProfile, "apparmor:", known, func(name string) string {
		if name == defaultProfile {
			return "docker-default"
		}
		return name
	})
	w.SELinux = optionFact(s, state, last["label"], "default", "label:", func(text string) (string, bool) {
		var all []string
		for _, l := range labels {
			all = append(all, l.text)
		}
		return strings.Join(all, ","), true
	}, same)
	w.UnmaskedPaths = optionFact(s, state, last["systempaths"], false, "systempaths=",
		func(text string) (bool, bool) { return text == "unconfined", true },
		func(bool) string { return "unconfined" })
}

// defaultProfile is the profile a container has that asks for none.
const defaultProfile = "default"

// unlessDefault returns edit, but no edits for the default profile.
func unlessDefault(edit func(string) []source.Edit) func(string) []source.Edit {
	return func(name string) []source.Edit {
		if name == defaultProfile {
			return nil
		}
		return edit(name)
	}
}

func known(text string) (string, bool) { return text, true }

// optionFact returns the fact that option o states. Editing it rewrites the
// item or adds one to the list; deleting it takes the item out.
func optionFact[T any](s *service, state model.State, o option, def T, prefix string, parse func(string) (T, bool), format func(T) string) model.Fact[T] {
	f := model.Fact[T]{Value: def, State: state, Span: s.res.key}
	// Also where another service says it: the item added comes after and counts.
	f.Edit = func(x T) []source.Edit { return s.own("security_opt").Append(yamltext.Str(prefix + format(x))) }
	if o.v == nil {
		return f
	}
	f.Span, f.State = o.v.span(), model.Set
	x, ok := parse(o.text)
	if ok {
		f.Value = x
	}
	if !ok || o.v.unknown {
		f.State = model.Unknown
	}
	if !o.v.base {
		f.Edit = func(x T) []source.Edit { return o.v.y.Set(yamltext.Str(o.prefix(prefix) + format(x))) }
		f.Delete = o.v.y.Delete
	}
	return f
}

// prefix returns what goes before the value of o: with the separator it is
// written with.
func (o option) prefix(usual string) string {
	if strings.Contains(o.v.text, "=") {
		return o.name + "="
	}
	return usual
}

// devices reads the devices of the host a container may use.
func (s *service) devices() model.List[string] {
	l := model.List[string]{
		State: s.unset(), Span: s.res.key,
		Add: func(x string) []source.Edit { return s.own("devices").Append(yamltext.Str(x)) },
	}
	v := s.at("devices")
	if v.isNull() {
		return l
	}
	l.Span = v.head()
	if l.State == model.Unset {
		l.State = model.Set
	}
	at := map[string]int{}
	for _, i := range listOf(v).items {
		src, target := i, ""
		f := itemFact(i, i.text, yamltext.Str)
		if i.kind == yamltext.Mapping {
			if src = i.get("source"); !src.scalar() {
				continue
			}
			f.Value, f.Span, f.Edit = src.text, src.span(), nil
			if t := i.get("target"); t.scalar() {
				target = t.text
			}
		} else {
			host, rest, _ := strings.Cut(i.text, ":")
			f.Value = host
			target, _, _ = strings.Cut(rest, ":")
		}
		if src.unknown {
			l.State = model.Unknown
			continue
		}
		if target == "" {
			target = f.Value
		}
		if j, ok := at[target]; ok {
			l.Items[j] = f
			continue
		}
		at[target] = len(l.Items)
		l.Items = append(l.Items, f)
	}
	return l
}
