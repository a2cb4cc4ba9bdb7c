package compose

import (
	"path"
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/yamltext"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// mounts reads volumes, tmpfs and configs. Of two at one target the later
// counts, at the place of the first.
func (s *service) mounts() []model.Mount {
	var out []model.Mount
	at := map[string]int{}
	add := func(m model.Mount) {
		key := m.Target.Value
		if i, ok := at[key]; ok && key != "" {
			out[i] = m
			return
		}
		at[key] = len(out)
		out = append(out, m)
	}
	if v := s.at("volumes"); !v.isNull() {
		for _, i := range listOf(v).items {
			switch {
			case i.kind == yamltext.Mapping:
				add(s.longMount(i))
			case i.scalar():
				add(s.shortMount(i))
			}
		}
	}
	if v := s.at("tmpfs"); !v.isNull() {
		for _, i := range listOf(v).items {
			if i.scalar() {
				add(tmpfsMount(i))
			}
		}
	}
	if socket := fact(s, boolForm(), false, "use_api_socket"); socket.Value {
		add(apiSocket(socket))
	}
	if v := s.at("configs"); !v.isNull() {
		for _, i := range listOf(v).items {
			add(configMount(i))
		}
	}
	return out
}

// A part is a piece of a short syntax with its place in the raw text.
type part struct {
	text       string
	start, end int
}

// splitVolume splits SOURCE:TARGET:OPTIONS at colons outside of variables that
// do not belong to a Windows drive.
func splitVolume(text string) []part {
	var parts []part
	depth, start := 0, 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text):
			parts = append(parts, part{text[start:], start, i})
		case text[i] == '{' && i > 0 && text[i-1] == '$':
			depth++
		case text[i] == '}' && depth > 0:
			depth--
		case text[i] != ':' || depth > 0:
		case i == start+1 && (text[start]|0x20 >= 'a' && text[start]|0x20 <= 'z'):
		default:
			parts = append(parts, part{text[start:i], start, i})
			start = i + 1
		}
	}
	return parts
}

// shortMount reads [SOURCE:]TARGET[:OPTIONS].
func (s *service) shortMount(v *value) model.Mount {
	parts, raw := splitVolume(v.text), splitVolume(v.raw())
	m := model.Mount{Kind: model.VolumeMount, Place: model.Place{Span: v.span()}, Delete: v.deleter()}
	m.Source, m.Propagation = model.Fact[string]{Span: v.span()}, model.Fact[string]{Span: v.span()}
	m.ReadOnly = model.Fact[bool]{Span: v.span()}
	said := func(i int) model.Fact[string] {
		f := model.Fact[string]{Value: parts[i].text, State: model.Set, Span: v.span()}
		if len(raw) == len(parts) {
			f.Span = v.part(raw[i].start, raw[i].end)
		}
		if v.unknown && strings.Contains(parts[i].text, "$") {
			f.State = model.Unknown
		}
		return f
	}
	if len(parts) == 1 {
		m.Target = said(0)
		m.Target.Value = clean(m.Target.Value)
		if m.Target.State == model.Unknown { // the variable may hold a source and options too
			m.Source.State, m.ReadOnly.State = model.Unknown, model.Unknown
		}
		return m
	}
	m.Source, m.Target = said(0), said(1)
	m.Target.Value = clean(m.Target.Value)
	if len(parts) > 2 {
		mountOptions(&m, said(2))
	}
	m.ReadOnly.Edit = readOnlyEdit(v, raw, len(parts))
	s.source(&m, v.in)
	if len(parts) > 3 || parts[0].text == "" || parts[1].text == "" {
		s.r.fault(v.span(), "volume is not SOURCE:TARGET:OPTIONS")
	}
	return m
}

// mountOptions reads the options of the short syntax.
func mountOptions(m *model.Mount, options model.Fact[string]) {
	m.ReadOnly.Span, m.Propagation.Span = options.Span, options.Span
	for o := range strings.SplitSeq(options.Value, ",") {
		switch o {
		case "ro", "rw":
			m.ReadOnly.Value, m.ReadOnly.State = o == "ro", model.Set
		case "rprivate", "private", "rshared", "shared", "rslave", "slave":
			m.Propagation.Value, m.Propagation.State = o, model.Set
		default:
			if options.State == model.Unknown && strings.Contains(o, "$") {
				m.ReadOnly.State = model.Unknown
			}
		}
	}
}

// readOnlyEdit returns the function that makes a mount in short syntax
// read-only or writable, or nil.
func readOnlyEdit(v *value, raw []part, parts int) func(bool) []source.Edit {
	if v.base || len(raw) != parts || parts < 2 || parts > 3 {
		return nil
	}
	return func(ro bool) []source.Edit {
		mode := map[bool]string{true: "ro", false: "rw"}[ro]
		text := v.raw()
		if parts == 2 {
			return v.y.Set(yamltext.Str(text + ":" + mode))
		}
		var options []string
		for o := range strings.SplitSeq(raw[2].text, ",") {
			if o != "ro" && o != "rw" && o != "" {
				options = append(options, o)
			}
		}
		options = append(options, mode)
		return v.y.Set(yamltext.Str(text[:raw[2].start] + strings.Join(options, ",")))
	}
}

// source works out what the source of m means: a path of the host, or a
// volume, which may itself stand for a path.
func (s *service) source(m *model.Mount, in *input) {
	src := m.Source.Value
	switch {
	case isPath(src):
		m.Kind = model.BindMount
		m.Source.Value = hostPath(in, src)
	case m.Source.State == model.Unknown && strings.HasPrefix(src, "$"):
		m.Kind = model.BindMount // most often a directory; a volume's name is seldom a variable
	default:
		s.volume(m)
	}
}

// volume fills in what the top-level declaration of the volume says.
func (s *service) volume(m *model.Mount) {
	res := s.p.find("volumes", m.Source.Value)
	if res == nil || res.v.isNull() {
		return
	}
	vol := &service{s.r, s.p, res}
	m.Options = vol.pairs("driver_opts")
	if d := vol.at("driver"); d.scalar() && d.text != "local" {
		return
	}
	device, kind, o := vol.at("driver_opts", "device"), vol.at("driver_opts", "type"), vol.at("driver_opts", "o")
	if !device.scalar() {
		return
	}
	bind := o.scalar() && hasOption(o.text, "bind", "rbind") || kind.scalar() && (kind.text == "none" || kind.text == "bind")
	if bind {
		m.Kind = model.BindMount
		m.Source.Value = hostPath(device.in, device.text)
		if device.unknown {
			m.Source.State = model.Unknown
		}
		if o.scalar() && hasOption(o.text, "ro") {
			m.ReadOnly.Value = true
			m.ReadOnly.State = model.Set
		}
	}
}

// hasOption reports whether one of names is among comma-separated options.
func hasOption(options string, names ...string) bool {
	for o := range strings.SplitSeq(options, ",") {
		if slices.Contains(names, o) {
			return true
		}
	}
	return false
}

// isPath reports whether the source of a volume is a path rather than a name.
func isPath(s string) bool {
	return s != "" && strings.IndexByte("./~", s[0]) >= 0 || strings.HasPrefix(s, `\\`) ||
		len(s) > 1 && s[1] == ':' && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
}

// hostPath returns a path of the host as seen from the project's directory. A
// home directory that is not known stays "~".
func hostPath(in *input, p string) string {
	if p == "~" || strings.HasPrefix(p, "~/") {
		if home, ok := in.lookup("HOME"); ok && home != "" {
			return path.Join(home, p[1:])
		}
		return p
	}
	if isPath(p) && p[0] != '.' && p[0] != '/' {
		return p
	}
	return join(in.dir, p)
}

// clean returns a path of the container as Compose writes it.
func clean(p string) string {
	if p == "" {
		return p
	}
	return path.Clean(p)
}

// longMount reads a volume in the long syntax.
func (s *service) longMount(v *value) model.Mount {
	m := model.Mount{Kind: model.VolumeMount, Place: model.Place{Span: v.span()}, Delete: v.deleter()}
	text := func(keys ...string) model.Fact[string] {
		t := v.at(keys...)
		if !t.scalar() {
			return model.Fact[string]{Span: v.span()}
		}
		return itemFact(t, t.text, yamltext.Str)
	}
	kind := text("type")
	m.Source, m.Target, m.Propagation = text("source"), text("target"), text("bind", "propagation")
	m.Target.Value = clean(m.Target.Value)
	for _, f := range []model.Fact[string]{kind, m.Target, m.Source} {
		if f.State != model.Unset {
			m.Place.Span = f.Span
		}
	}
	m.ReadOnly = longReadOnly(v, m.Place.Span)
	switch {
	case kind.State == model.Unknown:
		m.Kind = model.OtherMount
	case kind.Value == "bind":
		m.Kind = model.BindMount
		if src := v.get("source"); src.scalar() {
			m.Source.Value = hostPath(src.in, src.text)
		}
	case kind.Value == "volume" || kind.Value == "":
		s.volume(&m)
	case kind.Value == "tmpfs":
		m.Kind, m.Tmpfs = model.TmpfsMount, longTmpfs(v)
	default:
		m.Kind = model.OtherMount
	}
	return m
}

// longReadOnly reads whether the volume v is read-only; at is its place.
func longReadOnly(v *value, at source.Span) model.Fact[bool] {
	f := model.Fact[bool]{Span: at}
	if ro := v.get("read_only"); ro.scalar() {
		b, err := parseBool(ro.text)
		f = model.Fact[bool]{Value: b, State: model.Set, Span: ro.span(), Delete: ro.deleter()}
		if err != nil || ro.unknown {
			f.State = model.Unknown
		}
	}
	if !v.base {
		f.Edit = func(b bool) []source.Edit { return v.y.Get("read_only").Set(yamltext.Bool(b)) }
	}
	return f
}

// apiSocket returns the mount of the engine's socket that use_api_socket asks
// for.
func apiSocket(said model.Fact[bool]) model.Mount {
	const path = "/var/run/docker.sock"
	at := model.Fact[string]{Value: path, State: said.State, Span: said.Span}
	return model.Mount{
		Kind: model.BindMount, Place: model.Place{Span: said.Span}, Source: at, Target: at, Delete: said.Delete,
		ReadOnly: model.Fact[bool]{Span: said.Span}, Propagation: model.Fact[string]{Span: said.Span},
	}
}

// configMount returns the mount a config becomes.
func configMount(v *value) model.Mount {
	m := model.Mount{Kind: model.OtherMount, Place: model.Place{Span: v.span()}, Delete: v.deleter()}
	m.ReadOnly = model.Fact[bool]{Value: true, Span: v.span()}
	src, target := v, (*value)(nil)
	if v.kind == yamltext.Mapping {
		src, target = v.get("source"), v.get("target")
	}
	if src.scalar() {
		m.Source = itemFact(src, src.text, yamltext.Str)
		m.Target = model.Fact[string]{Value: "/" + src.text, Span: src.span()}
	}
	if target.scalar() {
		m.Target = itemFact(target, clean(target.text), yamltext.Str)
	}
	return m
}
