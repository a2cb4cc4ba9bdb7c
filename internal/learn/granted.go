package learn

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"bulkhead/internal/sensor"
)

// defaults are the capabilities that engines give a container that asks for none.
var defaults = []string{
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP",
	"SETUID", "SYS_CHROOT",
}

// granted returns what the container may use as it is.
func (s *subject) granted(t *table) Granted {
	host := s.in.HostConfig
	g := Granted{Privileged: value[bool](host, "Privileged"), ReadOnly: value[bool](host, "ReadonlyRootfs"), Networks: sortedKeys(s.in.NetworkSettings.Networks)}
	g.Ports = sortedKeys(value[map[string][]portBinding](host, "PortBindings"))
	add, drop := normal(value[[]string](host, "CapAdd")), normal(value[[]string](host, "CapDrop"))

	for n := range 64 {
		name := sensor.CapabilityName(n)
		byDefault := slices.Contains(defaults, name) && !slices.Contains(drop, "ALL") && !slices.Contains(drop, name)
		kept := slices.Contains(add, name) || slices.Contains(add, "ALL") && !slices.Contains(drop, name)
		if name != "" && (g.Privileged || byDefault || kept) {
			g.Capabilities = append(g.Capabilities, name)
		}
	}
	slices.Sort(g.Capabilities)
	g.Mounts = sortedKeys(value[map[string]string](host, "Tmpfs"))
	for _, m := range s.in.Mounts {
		if m.RW {
			g.Mounts = append(g.Mounts, m.Destination)
		}
	}
	g.Confined = !g.Privileged
	g.Calls = t.byDefault(g.Capabilities)
	for _, o := range value[[]string](host, "SecurityOpt") {
		name, text, ok := strings.Cut(o, "=")
		if !ok {
			name, text, _ = strings.Cut(o, ":")
		}
		switch {
		case name == "no-new-privileges":
			g.NoNewPrivileges = text != "false"
		case name == "seccomp" && text == "unconfined":
			g.Confined = false
		case name == "seccomp":
			var p Profile
			if json.Unmarshal([]byte(text), &p) == nil && len(p.Rules) > 0 {
				g.Calls = p.Allowed()
			}
		}
	}
	if !g.Confined {
		g.Calls = t.all()
	}
	return g
}

// normal returns capabilities as they are compared: without CAP_, upper case.
func normal(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strings.TrimPrefix(strings.ToUpper(n), "CAP_")
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
