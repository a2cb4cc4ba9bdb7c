package container

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/secret"
)

// args returns the arguments of docker run that ask for what the request asks
// for, as far as a command line says it. A variable that holds a credential is
// passed through from the caller's environment, so that its value is printed
// nowhere.
func (r reader) args() []string {
	c, h := r.in.Config, r.host
	if c == nil || c.Image == "" {
		return nil
	}
	l := &line{args: []string{"docker", "run"}}
	l.text("name", r.in.Name)
	l.flag("detach", !c.AttachStdout)
	l.flag("rm", h.AutoRemove)
	l.flag("interactive", c.OpenStdin)
	l.flag("tty", c.Tty)
	l.flag("privileged", h.Privileged)
	l.each("cap-add", h.CapAdd, h.Capabilities)
	l.each("cap-drop", h.CapDrop)
	l.each("security-opt", securityOptions(h))
	l.text("network", network(h.NetworkMode))
	l.text("pid", h.PidMode)
	l.text("ipc", h.IpcMode)
	l.text("uts", h.UTSMode)
	l.text("userns", h.UsernsMode)
	l.text("cgroupns", h.CgroupnsMode)
	l.text("cgroup-parent", h.CgroupParent)
	l.text("runtime", h.Runtime)
	l.flag("read-only", h.ReadonlyRootfs)
	l.text("user", c.User)
	l.text("workdir", c.WorkingDir)
	l.text("hostname", c.Hostname)
	l.each("volume", h.Binds)
	l.mounts(h.Mounts)
	l.text("volume-driver", h.VolumeDriver)
	l.each("volumes-from", h.VolumesFrom)
	for _, target := range slices.Sorted(maps.Keys(h.Tmpfs)) {
		l.text("tmpfs", strings.TrimSuffix(target+":"+h.Tmpfs[target], ":"))
	}
	for _, d := range h.Devices {
		l.text("device", strings.TrimSuffix(d.PathOnHost+":"+cmp.Or(d.PathInContainer, d.PathOnHost)+":"+d.CgroupPermissions, ":"))
	}
	l.each("device-cgroup-rule", h.DeviceCgroupRules)
	l.ports(h)
	l.limits(h)
	l.pairs("sysctl", h.Sysctls)
	l.pairs("label", c.Labels)
	for _, v := range c.Env {
		name, value, _ := strings.Cut(v, "=")
		if secret.Judge(name, value) != nil || secret.Named(name) {
			v = name
		}
		l.text("env", v)
	}
	l.command(c.Entrypoint, c.Image, c.Cmd)
	return l.args
}

// securityOptions returns the options of h with the one the command line has
// for empty lists of paths.
func securityOptions(h *hostConfig) []string {
	out := slices.Clone(h.SecurityOpt)
	unmasks := func(opt string) bool { return strings.HasPrefix(opt, "unmask") }
	if h.opened() && !slices.ContainsFunc(out, unmasks) {
		out = append(out, "systempaths=unconfined")
	}
	return out
}

func network(mode string) string {
	if mode == "default" {
		return ""
	}
	return mode
}

// A line is a command line that grows.
type line struct{ args []string }

func (l *line) flag(name string, on bool) {
	if on {
		l.args = append(l.args, flagName(name))
	}
}

func (l *line) text(name, value string) {
	if value != "" {
		l.args = append(l.args, flagName(name), value)
	}
}

// flagName returns the flag of that name as people write it.
func flagName(name string) string {
	switch name {
	case "detach", "env", "interactive", "publish", "tty", "volume":
		return "-" + name[:1]
	}
	return "--" + name
}

func (l *line) each(name string, lists ...[]string) {
	for _, v := range slices.Concat(lists...) {
		l.text(name, v)
	}
}

func (l *line) pairs(name string, m map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		l.text(name, k+"="+m[k])
	}
}

// mounts writes mounts as --mount, which is comma-separated values.
func (l *line) mounts(mounts []mountSpec) {
	for _, m := range mounts {
		parts := []string{"type=" + cmp.Or(m.Type, "volume")}
		if m.Source != "" {
			parts = append(parts, "source="+m.Source)
		}
		parts = append(parts, "target="+m.Target)
		if m.ReadOnly {
			parts = append(parts, "readonly")
		}
		if m.BindOptions != nil && m.BindOptions.Propagation != "" {
			parts = append(parts, "bind-propagation="+m.BindOptions.Propagation)
		}
		if m.VolumeOptions != nil && m.VolumeOptions.DriverConfig != nil {
			d := m.VolumeOptions.DriverConfig
			if d.Name != "" {
				parts = append(parts, "volume-driver="+d.Name)
			}
			for _, k := range slices.Sorted(maps.Keys(d.Options)) {
				parts = append(parts, "volume-opt="+k+"="+d.Options[k])
			}
		}
		for i, p := range parts {
			if strings.ContainsAny(p, `,"`) {
				parts[i] = `"` + strings.ReplaceAll(p, `"`, `""`) + `"`
			}
		}
		l.text("mount", strings.Join(parts, ","))
	}
}

// ports writes published ports.
func (l *line) ports(h *hostConfig) {
	l.flag("publish-all", h.PublishAllPorts)
	for _, spec := range slices.Sorted(maps.Keys(h.PortBindings)) {
		for _, b := range h.PortBindings[spec] {
			host := string(b.HostPort)
			switch {
			case strings.Contains(b.HostIP, ":"):
				host = "[" + b.HostIP + "]:" + host
			case b.HostIP != "":
				host = b.HostIP + ":" + host
			}
			l.text("publish", strings.TrimPrefix(host+":"+strings.TrimSuffix(spec, "/tcp"), ":"))
		}
	}
}

// limits writes limits and how the container is kept running.
func (l *line) limits(h *hostConfig) {
	number := func(name string, n int64) {
		if n != 0 {
			l.text(name, strconv.FormatInt(n, 10))
		}
	}
	number("memory", h.Memory)
	if h.Memory != 0 { // alone it is refused, and some clients send -1
		number("memory-swap", h.MemorySwap)
	}
	number("memory-reservation", h.MemoryReservation)
	number("cpu-period", h.CPUPeriod)
	number("cpu-quota", h.CPUQuota)
	if h.NanoCPUs != 0 {
		l.text("cpus", strconv.FormatFloat(float64(h.NanoCPUs)/1e9, 'f', -1, 64))
	}
	if h.PidsLimit != nil {
		number("pids-limit", *h.PidsLimit)
	}
	if p := h.RestartPolicy; p.Name != "" && p.Name != "no" {
		if p.MaximumRetryCount > 0 {
			p.Name += ":" + strconv.Itoa(p.MaximumRetryCount)
		}
		l.text("restart", p.Name)
	}
	l.each("group-add", h.GroupAdd)
	l.each("link", h.Links)
}

// command writes the image and what it runs.
func (l *line) command(entrypoint []string, image string, cmd []string) {
	if len(entrypoint) > 0 {
		l.text("entrypoint", entrypoint[0])
		cmd = slices.Concat(entrypoint[1:], cmd)
	}
	l.args = append(append(l.args, image), cmd...)
}
