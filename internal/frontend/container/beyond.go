package container

import (
	"maps"
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// beyond notes what no fact says.
func (r reader) beyond(out *Created) {
	add := func(kind, value, field string) {
		if value != "" {
			out.Beyond = append(out.Beyond, Beyond{kind, value, r.at("HostConfig." + field)})
		}
	}
	h := r.host
	add("runtime", h.Runtime, "Runtime")
	if h.VolumeDriver != "local" {
		add("volume driver", h.VolumeDriver, "VolumeDriver")
	}
	for _, rule := range h.DeviceCgroupRules {
		add("device rule", rule, "DeviceCgroupRules")
	}
	for _, name := range slices.Sorted(maps.Keys(h.Annotations)) {
		add("annotation", name, "Annotations")
	}
	for _, name := range slices.Sorted(maps.Keys(h.Sysctls)) {
		if !ownSysctl(name) {
			add("sysctl", name, "Sysctls")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.LogConfig.Config)) {
		if address := h.LogConfig.Config[name]; strings.HasPrefix(strings.ToLower(address), "unix") && strings.Contains(address, ":") {
			add("log socket", address, "LogConfig")
		}
	}
	r.beyondMounts(out, add)
}

// OddNamespaces returns the namespaces of w that are neither private, nor the
// host's, nor a container's as facts say: Podman joins one that a path names,
// and takes options.
func OddNamespaces(w *model.Workload) []Beyond {
	var out []Beyond
	for _, n := range []struct {
		mode  model.Fact[model.Namespace]
		joins bool // rules know whose it is
	}{
		{w.PID, true}, {w.IPC, true}, {w.Network, true}, {w.UTS, false}, {w.UserNS, false}, {w.CgroupNS, false},
	} {
		name := n.mode.Value.Mode
		odd := strings.Contains(name, ":") // a network's
		if n.mode.Value.Target != "" && (!n.joins || name != "container") {
			odd, name = true, name+":"+n.mode.Value.Target
		}
		if odd {
			out = append(out, Beyond{"namespace", name, n.mode.Path})
		}
	}
	return out
}

// beyondMounts notes mounts that are read in another way by some engine, and
// what drivers of volumes are asked for.
func (r reader) beyondMounts(out *Created, add func(kind, value, field string)) {
	for _, b := range r.host.Binds {
		if from, _, ok := strings.Cut(b, ":"); ok && relative(from) {
			add("mount path", from, "Binds")
		}
	}
	for _, m := range r.host.Mounts {
		at := "Mounts[" + m.Target + "]"
		switch m.Type {
		case "bind", "volume", "tmpfs", "image", "":
		default:
			add("mount type", m.Type, at)
		}
		// Podman writes it as a line of options that commas separate.
		if relative(m.Source) && m.Type != "image" || strings.ContainsAny(m.Source+m.Target, ",\"\n") {
			add("mount path", m.Source+":"+m.Target, at)
		}
		if m.VolumeOptions == nil || m.VolumeOptions.DriverConfig == nil {
			continue
		}
		d := m.VolumeOptions.DriverConfig
		if d.Name != "local" {
			add("volume driver", d.Name, at)
		}
		out.Beyond = append(out.Beyond, LocalVolume(d.Options, r.at("HostConfig."+at))...)
	}
}

// relative reports whether the source of a mount is a path and does not begin
// at the root: Podman takes such a one from its own folder, Docker refuses it.
func relative(source string) bool {
	return source != "" && source[0] != '/' && (source[0] == '.' || source[0] == '~' || strings.Contains(source, "/"))
}

// ownSysctl reports whether a kernel setting belongs to a namespace of the
// container. Others are the host's, such as kernel.core_pattern, which names a
// program that the kernel runs as root.
func ownSysctl(name string) bool {
	name = strings.ReplaceAll(name, "/", ".")
	switch name {
	case "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "kernel.domainname", "kernel.hostname":
		return true
	}
	return strings.HasPrefix(name, "net.") || strings.HasPrefix(name, "fs.mqueue.") || strings.HasPrefix(name, "kernel.msg")
}
