package compose

import (
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// newTmpfs returns the options of a tmpfs as the engine sets them where
// nothing is said: noexec, nosuid and nodev.
func newTmpfs(at source.Span) *model.TmpfsOptions {
	on := model.Fact[bool]{Value: true, Span: at}
	return &model.TmpfsOptions{NoExec: on, NoSUID: on, NoDev: on, Size: model.Fact[int64]{Span: at}}
}

// tmpfsMount reads PATH[:OPTIONS] of the key tmpfs.
func tmpfsMount(v *value) model.Mount {
	target, options, _ := strings.Cut(v.text, ":")
	m := model.Mount{Kind: model.TmpfsMount, Place: model.Place{Span: v.span()}, Delete: v.deleter(), Tmpfs: newTmpfs(v.span())}
	m.Target = model.Fact[string]{Value: clean(target), State: model.Set, Span: v.span()}
	m.Source = model.Fact[string]{Span: v.span()}
	m.ReadOnly = model.Fact[bool]{Span: v.span()}
	t := m.Tmpfs
	if v.unknown {
		for _, f := range []*model.Fact[bool]{&t.NoExec, &t.NoSUID, &t.NoDev, &m.ReadOnly} {
			f.State = model.Unknown
		}
		t.Size.State, m.Target.State = model.Unknown, model.Unknown
		return m
	}
	for o := range strings.SplitSeq(options, ",") {
		name, text, _ := strings.Cut(o, "=")
		switch name {
		case "exec", "noexec":
			t.NoExec.Value, t.NoExec.State = name == "noexec", model.Set
		case "suid", "nosuid":
			t.NoSUID.Value, t.NoSUID.State = name == "nosuid", model.Set
		case "dev", "nodev":
			t.NoDev.Value, t.NoDev.State = name == "nodev", model.Set
		case "ro", "rw":
			m.ReadOnly.Value, m.ReadOnly.State = name == "ro", model.Set
		case "size":
			n, err := parseSize(text)
			t.Size.Value, t.Size.State = n, model.Set
			if err != nil {
				t.Size.State = model.Unknown
			}
		}
	}
	t.NoExec.Edit = tmpfsSwitch(v, "exec")
	t.NoSUID.Edit = tmpfsSwitch(v, "suid")
	t.NoDev.Edit = tmpfsSwitch(v, "dev")
	if !v.base {
		t.Size.Edit = func(n int64) []source.Edit { return v.setOption("size", "size="+sizeText(n)) }
	}
	return m
}

// tmpfsSwitch returns the function that switches the option called name off,
// as no…, or on.
func tmpfsSwitch(v *value, name string) func(bool) []source.Edit {
	if v.base {
		return nil
	}
	return func(off bool) []source.Edit {
		if off {
			return v.setOption(name, "no"+name)
		}
		return v.setOption(name, name)
	}
}

// setOption returns the edits that give the tmpfs v option in the place of what
// it says about name.
func (v *value) setOption(name, option string) []source.Edit {
	target, options, _ := strings.Cut(v.raw(), ":")
	var out []string
	done := false
	for o := range strings.SplitSeq(options, ",") {
		switch n, _, _ := strings.Cut(o, "="); {
		case o == "":
		case n != name && n != "no"+name:
			out = append(out, o)
		case !done:
			out, done = append(out, option), true
		}
	}
	if !done {
		out = append(out, option)
	}
	return v.y.Set(yamltext.Str(target + ":" + strings.Join(out, ",")))
}

// longTmpfs reads the options of a volume of type tmpfs.
func longTmpfs(v *value) *model.TmpfsOptions {
	t := newTmpfs(v.span())
	if size := v.at("tmpfs", "size"); size.scalar() {
		n, err := parseSize(size.text)
		t.Size = model.Fact[int64]{Value: n, State: model.Set, Span: size.span()}
		if err != nil || size.unknown {
			t.Size.State = model.Unknown
		}
	}
	if !v.base {
		t.Size.Edit = func(n int64) []source.Edit { return v.y.At("tmpfs", "size").Set(yamltext.Int(n)) }
	}
	return t
}

// addFolder returns the edits that give the service a folder to write to. A volume
// has no name, so that it needs no declaration.
func (s *service) addFolder(f model.Folder) []source.Edit {
	if f.Keep {
		return s.own("volumes").Append(yamltext.Str(f.Target))
	}
	return s.own("tmpfs").Append(yamltext.Str(strings.TrimSuffix(f.Target+":"+f.Options, ":")))
}
