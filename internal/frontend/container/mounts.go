package container

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/docker/go-units"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// mounts reads what is mounted, in the order of the targets: the engine's own
// order changes from call to call.
func (r reader) mounts(w *model.Workload) {
	for _, m := range r.in.Mounts {
		w.Mounts = append(w.Mounts, r.mount(m))
	}
	for _, target := range slices.Sorted(maps.Keys(r.host.Tmpfs)) {
		at := r.at("HostConfig.Tmpfs[" + target + "]")
		options := strings.Split(r.host.Tmpfs[target], ",")
		w.Mounts = append(w.Mounts, model.Mount{
			Kind:     model.TmpfsMount,
			Place:    model.Place{Path: at},
			Target:   model.Fact[string]{Value: target, State: model.Set, Path: at},
			ReadOnly: model.Fact[bool]{Value: slices.Contains(options, "ro"), State: said(slices.Contains(options, "ro")), Path: at},
			Tmpfs:    tmpfsOptions(options, at),
		})
	}
	if r.in.Mounts == nil {
		r.bindsOnly(w)
		r.specsOnly(w)
	}
	slices.SortStableFunc(w.Mounts, func(a, b model.Mount) int { return cmp.Compare(a.Target.Value, b.Target.Value) })
	w.MountsAll = r.asked
}

// mount reads one entry of Mounts.
func (r reader) mount(m mountPoint) model.Mount {
	at := r.at("Mounts[" + m.Destination + "]")
	text := func(v string) model.Fact[string] {
		return model.Fact[string]{Value: v, State: said(v != ""), Path: at}
	}
	out := model.Mount{
		Kind:        mountKind(m),
		Place:       model.Place{Path: at},
		Source:      text(m.Source),
		Target:      text(m.Destination),
		Propagation: text(m.Propagation),
	}
	readOnly := m.RW != nil && !*m.RW
	out.ReadOnly = model.Fact[bool]{Value: readOnly, State: said(readOnly), Path: at}
	if m.Propagation == "rprivate" {
		out.Propagation = text("")
	}
	switch out.Kind {
	case model.VolumeMount:
		out.Source = text(m.Name)
		if dockerjson.IsID(m.Name) { // the name the engine gives an anonymous volume
			out.Source = text("")
		}
		r.volumeOptions(&out)
	case model.TmpfsMount:
		out.Source = text("")
		out.Tmpfs = r.tmpfsSpec(m.Destination, at)
	}
	return out
}

// mountKind returns the kind of m.
func mountKind(m mountPoint) model.MountKind {
	switch m.Type {
	case "bind":
		return model.BindMount
	case "volume":
		return model.VolumeMount
	case "tmpfs":
		return model.TmpfsMount
	case "":
		if m.Name != "" {
			return model.VolumeMount
		}
		return model.BindMount
	}
	return model.OtherMount
}

// volumeOptions reads the options of a volume, made before the container or
// together with it. One whose device is a path of the host is a bind mount by
// another name.
func (r reader) volumeOptions(m *model.Mount) {
	if options := r.in.Volumes[m.Source.Value]; len(options) > 0 {
		m.Options = dockerjson.Labels(options, m.Place.Path)
		dockerjson.BindVolume(m, options)
		return
	}
	for _, s := range r.host.Mounts {
		if path.Clean(s.Target) != path.Clean(m.Target.Value) || s.VolumeOptions == nil || s.VolumeOptions.DriverConfig == nil {
			continue
		}
		driver := s.VolumeOptions.DriverConfig
		m.Options = dockerjson.Labels(driver.Options, m.Place.Path)
		if driver.Name == "" || driver.Name == "local" {
			dockerjson.BindVolume(m, driver.Options)
		}
	}
}

// tmpfsSpec returns the options of the tmpfs mounted on target by HostConfig.Mounts.
func (r reader) tmpfsSpec(target, at string) *model.TmpfsOptions {
	var options []string
	var size int64
	for _, s := range r.host.Mounts {
		if s.TmpfsOptions == nil || path.Clean(s.Target) != path.Clean(target) {
			continue
		}
		size = s.TmpfsOptions.SizeBytes
		for _, o := range s.TmpfsOptions.Options {
			options = append(options, strings.Join(o, "="))
		}
	}
	out := tmpfsOptions(options, at)
	if size > 0 {
		out.Size = model.Fact[int64]{Value: size, State: model.Set, Path: at}
	}
	return out
}

// tmpfsOptions reads mount options over the engine's defaults, which are
// noexec, nosuid and nodev without a size.
func tmpfsOptions(options []string, at string) *model.TmpfsOptions {
	on := model.Fact[bool]{Value: true, Path: at}
	out := &model.TmpfsOptions{NoExec: on, NoSUID: on, NoDev: on, Size: model.Fact[int64]{Path: at}}
	for _, o := range options {
		name, value, _ := strings.Cut(strings.TrimSpace(o), "=")
		switch name {
		case "exec", "noexec":
			out.NoExec.Value, out.NoExec.State = name == "noexec", model.Set
		case "suid", "nosuid":
			out.NoSUID.Value, out.NoSUID.State = name == "nosuid", model.Set
		case "dev", "nodev":
			out.NoDev.Value, out.NoDev.State = name == "nodev", model.Set
		case "size":
			out.Size.State = model.Set
			n, err := units.RAMInBytes(value)
			if err != nil { // a share of the memory, such as 50%
				out.Size.State = model.Unknown
			}
			out.Size.Value = n
		}
	}
	return out
}

// bindsOnly reads HostConfig.Binds where the JSON has no Mounts.
func (r reader) bindsOnly(w *model.Workload) {
	for _, b := range r.host.Binds {
		parts := strings.Split(b, ":")
		if len(parts) < 2 {
			continue
		}
		options := strings.Split(strings.Join(parts[2:], ":"), ",")
		rw := !slices.Contains(options, "ro")
		m := mountPoint{Source: parts[0], Destination: parts[1], RW: &rw}
		if !strings.HasPrefix(parts[0], "/") {
			m.Name, m.Source = parts[0], ""
		}
		for _, p := range options {
			switch p {
			case "shared", "rshared", "slave", "rslave", "private":
				m.Propagation = p
			}
		}
		w.Mounts = append(w.Mounts, r.mount(m))
	}
}

// specsOnly reads HostConfig.Mounts where the JSON has no Mounts.
func (r reader) specsOnly(w *model.Workload) {
	for _, s := range r.host.Mounts {
		rw := !s.ReadOnly
		m := mountPoint{Type: s.Type, Source: s.Source, Destination: s.Target, RW: &rw}
		if s.Type == "volume" {
			m.Name, m.Source = s.Source, ""
		}
		if s.BindOptions != nil {
			m.Propagation = s.BindOptions.Propagation
		}
		w.Mounts = append(w.Mounts, r.mount(m))
	}
}
