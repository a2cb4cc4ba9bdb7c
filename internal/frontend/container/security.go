package container

import (
	"slices"
	"strings"

	"bulkhead/internal/frontend/internal/dockerjson"
	"bulkhead/internal/model"
)

// privileges reads what the processes may do.
func (r reader) privileges(w *model.Workload) {
	h := r.host
	w.Privileged = fact(r, "Privileged", h.Privileged, false)
	w.CapAdd = list(r, "CapAdd", capabilities(h.CapAdd))
	w.CapDrop = list(r, "CapDrop", capabilities(h.CapDrop))
	r.podmanCapabilities(w)
	w.ReadOnlyRoot = fact(r, "ReadonlyRootfs", h.ReadonlyRootfs, false)
	w.Groups = list(r, "GroupAdd", h.GroupAdd)
	w.UnmaskedPaths = fact(r, "MaskedPaths", r.unmasked(), false)
	w.Sysctls = dockerjson.Labels(h.Sysctls, r.at("HostConfig.Sysctls"))
	r.securityOptions(w)
}

// capabilities normalises names to upper case without CAP_.
func capabilities(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(n)), "CAP_"))
	}
	return out
}

// podmanDefaults are the capabilities Podman gives a container by default:
// containers-common, containers.conf, default_capabilities.
var podmanDefaults = [...]string{
	"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE",
	"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

// podmanCapabilities undoes what Podman's inspect does to --cap-drop ALL: it
// lists each default capability that is gone. The command line Podman
// records, or every default being gone, tells.
func (r reader) podmanCapabilities(w *model.Workload) {
	has := func(l model.List[string], name string) bool {
		return slices.ContainsFunc(l.Items, func(f model.Fact[string]) bool { return f.Value == name })
	}
	if len(w.CapDrop.Items) == 0 || has(w.CapDrop, "ALL") {
		return
	}
	gone := true
	for _, c := range podmanDefaults {
		gone = gone && has(w.CapDrop, c)
	}
	asked := r.in.Config != nil && dropsAll(r.in.Config.CreateCommand)
	if !gone && !asked {
		return
	}
	w.CapDrop = list(r, "CapDrop", []string{"ALL"})
	if r.in.BoundingCaps != nil {
		w.CapAdd = list(r, "CapAdd", capabilities(*r.in.BoundingCaps))
	}
}

// dropsAll reports whether a podman command line says --cap-drop ALL.
func dropsAll(args []string) bool {
	for i, a := range args {
		name, value, ok := strings.Cut(a, "=")
		if name != "--cap-drop" {
			continue
		}
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		if strings.EqualFold(value, "all") {
			return true
		}
	}
	return false
}

// unmasked reports whether the container asked for /proc and /sys as they
// are. A privileged container has no list (null), and neither do the oldest
// APIs; systempaths=unconfined sends an empty one.
func (r reader) unmasked() bool {
	empty := func(paths *[]string) bool { return paths != nil && *paths != nil && len(*paths) == 0 }
	return !r.host.Privileged && (empty(r.host.MaskedPaths) || empty(r.host.ReadonlyPaths))
}

// securityOptions reads SecurityOpt: NAME, NAME=VALUE, or NAME:VALUE as
// before API 1.23.
func (r reader) securityOptions(w *model.Workload) {
	w.Seccomp = fact(r, "SecurityOpt", "default", "default")
	w.AppArmor = fact(r, "SecurityOpt", "default", "default")
	w.SELinux = fact(r, "SecurityOpt", "default", "default")
	w.NoNewPrivileges = fact(r, "SecurityOpt", false, false)
	var labels []string
	for _, opt := range r.host.SecurityOpt {
		name, value := splitOption(opt)
		path := r.at("HostConfig.SecurityOpt[" + name + "]")
		switch strings.ToLower(name) {
		case "seccomp":
			w.Seccomp = model.Fact[string]{Value: seccomp(value), State: model.Set, Path: path}
		case "apparmor":
			w.AppArmor = model.Fact[string]{Value: value, State: model.Set, Path: path}
		case "label":
			labels = append(labels, value)
		case "no-new-privileges":
			on := value == "" || strings.EqualFold(value, "true") || value == "1"
			w.NoNewPrivileges = model.Fact[bool]{Value: on, State: model.Set, Path: path}
		case "systempaths", "unmask", "mask": // Podman lists what Docker's client translates
			if name == "systempaths" && value == "unconfined" || name == "unmask" {
				w.UnmaskedPaths = model.Fact[bool]{Value: true, State: model.Set, Path: path}
			}
		}
	}
	r.selinux(w, labels)
}

// splitOption splits a security option at its first "=", or ":" where that
// comes first: a seccomp profile in JSON has both.
func splitOption(opt string) (name, value string) {
	i := strings.IndexAny(opt, "=:")
	if i < 0 {
		return opt, ""
	}
	return opt[:i], opt[i+1:]
}

// seccomp names a profile. Docker's client sends the text of a profile, not
// its path, so what it is called is lost.
func seccomp(value string) string {
	switch trimmed := strings.TrimSpace(value); {
	case trimmed == "" || trimmed == "builtin":
		return "default"
	case trimmed[0] == '{':
		return "custom"
	default:
		return trimmed
	}
}

// selinux reads the label options. The engine adds label=disable on its own
// to a container that is privileged or in the host's PID or IPC namespace
// (moby, daemon.generateSecurityOpt); that is not something somebody asked.
func (r reader) selinux(w *model.Workload, labels []string) {
	added := r.host.Privileged || r.host.PidMode == "host" || r.host.IpcMode == "host"
	if len(labels) == 0 || len(labels) == 1 && labels[0] == "disable" && added {
		return
	}
	w.SELinux = model.Fact[string]{
		Value: strings.Join(labels, ","),
		State: model.Set,
		Path:  r.at("HostConfig.SecurityOpt[label]"),
	}
}

// namespaces reads whose namespaces the container uses.
func (r reader) namespaces(w *model.Workload) {
	h := r.host
	w.PID = r.namespace("PidMode", h.PidMode)
	w.IPC = r.namespace("IpcMode", h.IpcMode)
	w.UTS = r.namespace("UTSMode", h.UTSMode)
	w.UserNS = r.namespace("UsernsMode", h.UsernsMode)
	w.CgroupParent = fact(r, "CgroupParent", h.CgroupParent, "")
	w.Network = r.networkMode()

	mode, field := h.CgroupnsMode, "CgroupnsMode"
	if mode == "" && h.CgroupMode != "" {
		mode, field = h.CgroupMode, "CgroupMode"
	}
	w.CgroupNS = r.namespace(field, mode)
	// With cgroup v1 host is the engine's default, and it writes the default
	// out: whether somebody asked cannot be told.
	if k := r.in.Kernel; k != nil && k.CgroupVersion == 1 && mode == "host" {
		w.CgroupNS.State = model.Unknown
	}
}

// namespace reads a mode: "" or "private", "host", "container:ID" and others.
func (r reader) namespace(field, mode string) model.Fact[model.Namespace] {
	name, target, _ := strings.Cut(mode, ":")
	if name == "private" {
		name = ""
	}
	return fact(r, field, model.Namespace{Mode: name, Target: target}, model.Namespace{})
}

// networkMode reads the network mode: the engine's "default" is its bridge.
func (r reader) networkMode() model.Fact[model.Namespace] {
	mode, bridge := r.host.NetworkMode, model.Namespace{Mode: "bridge"}
	switch {
	case mode == "" || mode == "default":
		return fact(r, "NetworkMode", bridge, bridge)
	case strings.HasPrefix(mode, "container:"):
		return r.namespace("NetworkMode", mode)
	}
	out := fact(r, "NetworkMode", model.Namespace{Mode: mode}, model.Namespace{})
	if dockerjson.IsID(mode) && r.in.NetworkSettings != nil {
		for name, e := range r.in.NetworkSettings.Networks {
			if e != nil && e.NetworkID == mode {
				out.Value.Mode = name
			}
		}
	}
	return out
}
