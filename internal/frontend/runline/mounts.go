package runline

import (
	"encoding/csv"
	"strings"

	"github.com/docker/go-units"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// mounts reads -v, --mount, --tmpfs, --volumes-from and the devices.
func (l *line) mounts(w *model.Workload) {
	w.MountsAll = model.Set
	if l.open || len(l.all("volumes-from")) > 0 {
		w.MountsAll = model.Unknown
	}
	for _, f := range l.flags {
		m, ok := model.Mount{}, false
		switch f.name {
		case "volume":
			m, ok = l.volume(f)
		case "mount":
			m, ok = l.mount(f)
		case "tmpfs":
			m, ok = l.tmpfs(f)
		default:
			continue
		}
		if !ok {
			w.MountsAll = model.Unknown
			continue
		}
		m.Place, m.Delete = f.fact().Place(), l.delete(f)
		w.Mounts = append(w.Mounts, m)
	}
	l.devices(w)
}

// A piece is a part of a flag's value.
type piece struct {
	text string
	at   int // its first byte in the value
}

// pieces cuts s at sep.
func pieces(s string, sep byte) []piece {
	var out []piece
	start := 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == sep {
			out = append(out, piece{s[start:i], start})
			start = i + 1
		}
	}
	return out
}

func (f *flag) piece(p piece) model.Fact[string] { return f.part(p.at, p.at+len(p.text)) }

// volume reads [source:]target[:options].
func (l *line) volume(f *flag) (model.Mount, bool) {
	s := f.string()
	parts := pieces(s, ':')
	if len(parts) > 1 && drive(parts[0].text) {
		parts = append([]piece{{s[:parts[1].at+len(parts[1].text)], 0}}, parts[2:]...)
	}
	m := model.Mount{Kind: model.VolumeMount}
	var options piece
	switch len(parts) {
	case 1:
		if strings.Contains(s, hole) {
			return m, false
		}
		m.Source = model.Fact[string]{State: model.Unset, Span: f.fact().Span}
		m.Target = f.piece(parts[0])
	case 2, 3:
		m.Source, m.Target = f.piece(parts[0]), f.piece(parts[1])
		if bind(parts[0].text) {
			m.Kind = model.BindMount
		}
		if len(parts) == 3 {
			options = parts[2]
		}
	default:
		return m, false
	}
	m.ReadOnly, m.Propagation = l.volumeOptions(f, options, len(parts) == 3)
	return m, true
}

// drive reports whether s is the drive of a Windows path.
func drive(s string) bool {
	return len(s) == 1 && (s[0] >= 'a' && s[0] <= 'z' || s[0] >= 'A' && s[0] <= 'Z')
}

// bind reports whether a source is a host path, not the name of a volume.
func bind(source string) bool {
	return strings.ContainsAny(source, `/\`) || strings.HasPrefix(source, ".") || source == "~"
}

// volumeOptions reads ro, rshared and the like. Where there are none, an edit
// appends them.
func (l *line) volumeOptions(f *flag, options piece, given bool) (readOnly model.Fact[bool], propagation model.Fact[string]) {
	place := f.fact().Span
	readOnly, propagation = model.Fact[bool]{Span: place}, model.Fact[string]{Span: place}
	end := len(f.string())
	sep := ":"
	if given && options.text != "" {
		sep = ","
		if strings.Contains(options.text, hole) {
			readOnly.State, propagation.State = model.Unknown, model.Unknown
		}
	} else if given {
		sep = ""
	}
	readOnly.Edit = func(v bool) []source.Edit {
		if v {
			return f.replace(end, end, sep+"ro")
		}
		return nil
	}
	for _, o := range pieces(options.text, ',') {
		o.at += options.at
		switch o.text {
		case "ro", "rw", "readonly":
			readOnly.Value, readOnly.State, readOnly.Span = o.text != "rw", model.Set, f.piece(o).Span
			readOnly.Edit = func(v bool) []source.Edit {
				if v {
					return f.replace(o.at, o.at+len(o.text), "ro")
				}
				return f.replace(o.at, o.at+len(o.text), "rw")
			}
		case "shared", "rshared", "slave", "rslave", "private", "rprivate":
			propagation = f.piece(o)
		}
	}
	return readOnly, propagation
}

// mount reads type=bind,source=/x,target=/y,readonly.
func (l *line) mount(f *flag) (model.Mount, bool) {
	s := f.string()
	if strings.Contains(s, `"`) {
		return l.quotedMount(f)
	}
	at := f.fact().Span
	m := model.Mount{Kind: model.VolumeMount, Source: model.Fact[string]{Span: at}, Propagation: model.Fact[string]{Span: at}}
	m.ReadOnly = model.Fact[bool]{Span: at, Edit: func(v bool) []source.Edit {
		if v {
			return f.replace(len(s), len(s), ",readonly")
		}
		return nil
	}}
	tmpfs := tmpfsDefaults(f)
	tmpfs.Size.Edit = func(n int64) []source.Edit { return f.replace(len(s), len(s), ",tmpfs-size="+printBytes(n)) }
	for _, p := range pieces(s, ',') {
		key, val, given := strings.Cut(p.text, "=")
		v := piece{val, p.at + len(p.text) - len(val)}
		switch strings.ToLower(key) {
		case "type":
			m.Kind = mountKind(val)
		case "source", "src":
			m.Source = f.piece(v)
		case "target", "dst", "destination":
			m.Target = f.piece(v)
		case "readonly", "ro", "rw":
			m.ReadOnly = switchPart(f, p, v, given)
		case "bind-propagation":
			m.Propagation = f.piece(v)
		case "tmpfs-size":
			tmpfs.Size = sizeFact(f.piece(v))
		case "volume-opt":
			if name, val, ok := strings.Cut(val, "="); ok {
				m.Options = append(m.Options, model.Label{Name: name, Value: f.part(v.at+len(name)+1, v.at+len(name)+1+len(val))})
			}
		}
	}
	if m.Kind == model.TmpfsMount {
		m.Tmpfs = tmpfs
	}
	localBind(&m)
	return m, !strings.HasPrefix(s, hole)
}

// quotedMount reads a --mount with quotes of CSV inside, without edits.
func (l *line) quotedMount(f *flag) (model.Mount, bool) {
	fields, err := csv.NewReader(strings.NewReader(f.string())).Read()
	if err != nil {
		return model.Mount{}, false
	}
	at := f.fact().Span
	m := model.Mount{Kind: model.VolumeMount, ReadOnly: model.Fact[bool]{Span: at}, Propagation: model.Fact[string]{Span: at}}
	m.Source, m.Target = model.Fact[string]{Span: at}, model.Fact[string]{Span: at}
	for _, field := range fields {
		key, val, _ := strings.Cut(field, "=")
		said := model.Fact[string]{Value: val, State: model.Set, Span: at}
		if strings.Contains(val, hole) {
			said.State = model.Unknown
		}
		switch strings.ToLower(key) {
		case "type":
			m.Kind = mountKind(val)
		case "source", "src":
			m.Source = said
		case "target", "dst", "destination":
			m.Target = said
		case "readonly", "ro":
			m.ReadOnly.Value, m.ReadOnly.State = val == "" || val == "true" || val == "1", model.Set
		case "bind-propagation":
			m.Propagation = said
		case "volume-opt":
			if name, val, ok := strings.Cut(val, "="); ok {
				said.Value = val
				m.Options = append(m.Options, model.Label{Name: name, Value: said})
			}
		}
	}
	if m.Kind == model.TmpfsMount {
		m.Tmpfs = tmpfsDefaults(f)
	}
	localBind(&m)
	return m, true
}

func mountKind(name string) model.MountKind {
	switch name {
	case "bind":
		return model.BindMount
	case "tmpfs":
		return model.TmpfsMount
	case "volume":
		return model.VolumeMount
	}
	return model.OtherMount
}

// localBind makes a volume whose device is a host path the bind mount it is.
func localBind(m *model.Mount) {
	for _, o := range m.Options {
		if m.Kind == model.VolumeMount && o.Name == "device" && strings.HasPrefix(o.Value.Value, "/") {
			m.Kind, m.Source = model.BindMount, o.Value
		}
	}
}

// switchPart reads readonly, readonly=true or rw, which p spells and v says.
func switchPart(f *flag, p, v piece, given bool) model.Fact[bool] {
	on := !given || v.text == "true" || v.text == "1"
	name, _, _ := strings.Cut(p.text, "=")
	if name == "rw" {
		on = !on
	}
	said := f.piece(p)
	out := model.Fact[bool]{Value: on, State: said.State, Span: said.Span}
	if said.Edit != nil {
		out.Edit = func(v bool) []source.Edit {
			if v {
				return said.Edit("readonly")
			}
			return said.Edit("readonly=false")
		}
	}
	return out
}

// tmpfs reads path[:options].
func (l *line) tmpfs(f *flag) (model.Mount, bool) {
	s := f.string()
	target, options, given := strings.Cut(s, ":")
	if target == "" || strings.Contains(target, hole) {
		return model.Mount{}, false
	}
	at := f.fact().Span
	m := model.Mount{Kind: model.TmpfsMount, Source: model.Fact[string]{Span: at}, Target: f.part(0, len(target))}
	m.ReadOnly, m.Propagation = model.Fact[bool]{Span: at}, model.Fact[string]{Span: at}
	m.Tmpfs = tmpfsDefaults(f)
	sep := ":"
	if given {
		sep = ","
	}
	appendOption := func(o string) []source.Edit { return f.replace(len(s), len(s), sep+o) }
	t := m.Tmpfs
	t.NoExec.Edit, t.NoSUID.Edit, t.NoDev.Edit = onOff(appendOption, "exec"), onOff(appendOption, "suid"), onOff(appendOption, "dev")
	t.Size.Edit = func(n int64) []source.Edit { return appendOption("size=" + printBytes(n)) }
	if !given {
		return m, true
	}
	for _, o := range pieces(options, ',') {
		o.at += len(target) + 1
		said := f.piece(o)
		name, val, _ := strings.Cut(o.text, "=")
		switch name {
		case "exec", "noexec":
			t.NoExec = negated(said)
		case "suid", "nosuid":
			t.NoSUID = negated(said)
		case "dev", "nodev":
			t.NoDev = negated(said)
		case "size":
			t.Size = sizeFact(f.part(o.at+len(name)+1, o.at+len(name)+1+len(val)))
		case "ro":
			m.ReadOnly = model.Fact[bool]{Value: true, State: model.Set, Span: said.Span}
		}
	}
	return m, true
}

// tmpfsDefaults is what Docker mounts every tmpfs with.
func tmpfsDefaults(f *flag) *model.TmpfsOptions {
	on := model.Fact[bool]{Value: true, Span: f.fact().Span}
	return &model.TmpfsOptions{NoExec: on, NoSUID: on, NoDev: on, Size: model.Fact[int64]{Span: on.Span}}
}

// onOff returns the edit of an option that is spelled name or "no" and name.
func onOff(set func(string) []source.Edit, name string) func(bool) []source.Edit {
	return func(no bool) []source.Edit {
		if no {
			return set("no" + name)
		}
		return set(name)
	}
}

// negated reads an option such as noexec or exec as whether it says no.
func negated(said model.Fact[string]) model.Fact[bool] {
	name, no := strings.CutPrefix(said.Value, "no")
	out := model.Fact[bool]{Value: no, State: said.State, Span: said.Span, Likely: said.Likely}
	if said.Edit != nil {
		out.Edit = onOff(said.Edit, name)
	}
	return out
}

// sizeFact reads the size of a tmpfs; a percentage of the memory is not known.
func sizeFact(said model.Fact[string]) model.Fact[int64] {
	n, err := units.RAMInBytes(said.Value)
	out := model.Fact[int64]{Value: n, State: said.State, Span: said.Span, Likely: said.Likely}
	if err != nil {
		out.State = model.Unknown
	}
	if said.Edit != nil {
		out.Edit = func(n int64) []source.Edit { return said.Edit(printBytes(n)) }
	}
	return out
}

// devices reads --device and --gpus.
func (l *line) devices(w *model.Workload) {
	w.Devices = list(l, "device", func(s string) string {
		if strings.Contains(s, "=") {
			return s // CDI
		}
		host, _, _ := strings.Cut(s, ":")
		return host
	})
	for _, f := range append(l.all("gpus"), l.all("gpu")...) {
		said := f.fact()
		said.Value, said.Edit, said.Delete = "nvidia.com/gpu="+said.Value, nil, l.delete(f)
		w.Devices.Items = append(w.Devices.Items, said)
		if w.Devices.State == model.Unset {
			w.Devices.State = model.Set
		}
	}
}

// addFolder returns the edits that give the container a folder to write to.
func (l *line) addFolder(f model.Folder) []source.Edit {
	if f.Keep {
		return l.insert("volume", f.Target)
	}
	return l.insert("tmpfs", strings.TrimSuffix(f.Target+":"+f.Options, ":"))
}
