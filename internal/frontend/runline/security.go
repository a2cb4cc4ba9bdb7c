package runline

import (
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// security reads privileges, capabilities and --security-opt.
func (l *line) security(w *model.Workload) {
	w.Privileged = flagFact(l, "privileged")
	w.ReadOnlyRoot = flagFact(l, "read-only")
	w.CapAdd = list(l, "cap-add", capability)
	w.CapDrop = list(l, "cap-drop", capability)
	w.NoNewPrivileges = l.noNewPrivileges()
	w.Seccomp = l.profile("seccomp")
	w.AppArmor = l.profile("apparmor")
	w.SELinux = l.selinux()
	w.UnmaskedPaths = l.unmasked()
}

// An option is one --security-opt.
type option struct {
	flag  *flag
	name  string
	at    int // the value starts here
	value model.Fact[string]
}

// options returns the security options called name. A colon may stand for the
// equals sign, as in no-new-privileges:true and the old label:disable.
func (l *line) options(name string) []option {
	var out []option
	for _, f := range l.all("security-opt") {
		s := f.string()
		end := strings.IndexAny(s, "=:")
		o := option{flag: f, name: s, at: len(s), value: f.fact()}
		if end >= 0 {
			o.name, o.at = s[:end], end+1
			o.value = f.part(end+1, len(s))
		} else if o.value.Known() {
			o.value.Value = ""
		}
		if o.name == name {
			out = append(out, o)
		}
	}
	return out
}

// unsure is the state of a security option the line leaves out: a word such as
// --security-opt "$OPT" may say it.
func (l *line) unsure() model.State {
	for _, f := range l.all("security-opt") {
		if strings.HasPrefix(f.string(), hole) {
			return model.Unknown
		}
	}
	return l.state()
}

func (l *line) noNewPrivileges() model.Fact[bool] {
	opts := l.options("no-new-privileges")
	if len(opts) == 0 {
		return model.Fact[bool]{State: l.unsure(), Span: l.anchor(), Edit: func(v bool) []source.Edit {
			if v {
				return l.insert("security-opt", "no-new-privileges:true")
			}
			return nil
		}}
	}
	o := opts[len(opts)-1]
	out := model.Fact[bool]{State: o.value.State, Span: o.flag.fact().Span, Likely: o.value.Likely, Delete: l.delete(o.flag)}
	out.Value = o.value.Value == "" || o.value.Value == "true" || o.value.Value == "1"
	out.Edit = func(v bool) []source.Edit {
		if v {
			return o.flag.replace(0, len(o.flag.string()), "no-new-privileges:true")
		}
		return o.flag.replace(0, len(o.flag.string()), "no-new-privileges:false")
	}
	return out
}

// profile reads seccomp= or apparmor=.
func (l *line) profile(name string) model.Fact[string] {
	opts := l.options(name)
	if len(opts) == 0 {
		return model.Fact[string]{Value: "default", State: l.unsure(), Span: l.anchor(), Edit: func(v string) []source.Edit {
			if v == "default" {
				return nil
			}
			return l.insert("security-opt", name+"="+v)
		}}
	}
	o := opts[len(opts)-1]
	out := o.value
	out.Delete = l.delete(o.flag)
	switch out.Value {
	case "builtin", "docker-default":
		out.Value = "default"
	}
	out.Edit = func(v string) []source.Edit {
		if v == "default" && out.Delete != nil {
			return out.Delete()
		}
		return o.flag.replace(o.at, len(o.flag.string()), v)
	}
	return out
}

// selinux reads label=disable, label=type:x and the like, several of them
// joined by commas.
func (l *line) selinux() model.Fact[string] {
	opts := l.options("label")
	if len(opts) == 0 {
		return model.Fact[string]{Value: "default", State: l.unsure(), Span: l.anchor(), Edit: func(v string) []source.Edit {
			if v == "default" {
				return nil
			}
			return l.insert("security-opt", "label="+v)
		}}
	}
	out := opts[len(opts)-1].value
	out.Delete = l.delete(opts[len(opts)-1].flag)
	var all []string
	for _, o := range opts {
		all = append(all, o.value.Value)
		if !o.value.Known() {
			out.State = model.Unknown
		}
	}
	out.Value = strings.Join(all, ",")
	if del := out.Delete; len(opts) == 1 && del != nil {
		edit := out.Edit
		out.Edit = func(v string) []source.Edit {
			if v == "default" || edit == nil {
				return del()
			}
			return edit(v)
		}
	} else {
		out.Edit = nil
	}
	return out
}

// unmasked reads systempaths=unconfined, and Podman's unmask=ALL.
func (l *line) unmasked() model.Fact[bool] {
	for _, name := range []string{"systempaths", "unmask"} {
		for _, o := range l.options(name) {
			on := o.value.Value == "unconfined" || name == "unmask" && o.value.Value != ""
			return model.Fact[bool]{
				Value: on, State: o.value.State, Span: o.flag.fact().Span, Likely: o.value.Likely, Delete: l.delete(o.flag),
				Edit: func(v bool) []source.Edit {
					if del := l.delete(o.flag); !v && del != nil {
						return del()
					}
					return nil
				},
			}
		}
	}
	return model.Fact[bool]{State: l.unsure(), Span: l.anchor()}
}
