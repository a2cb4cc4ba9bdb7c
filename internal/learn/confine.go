package learn

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// options returns the parts of the host's configuration that confine.
func (s *subject) options(h *hardening) (map[string]json.RawMessage, error) {
	security := slices.DeleteFunc(value[[]string](s.in.HostConfig, "SecurityOpt"), func(o string) bool {
		return strings.HasPrefix(o, "seccomp") && h.seccomp != nil || strings.HasPrefix(o, "no-new-privileges") && h.noNewPrivileges
	})
	if h.seccomp != nil {
		text, err := json.Marshal(h.seccomp)
		if err != nil {
			return nil, err
		}
		security = append(security, "seccomp="+string(text))
	}
	if h.noNewPrivileges {
		security = append(security, "no-new-privileges")
	}
	set := map[string]any{"SecurityOpt": security}
	if h.dropAll {
		set["CapDrop"], set["CapAdd"], set["Privileged"] = []string{"ALL"}, h.capabilities, false
	}
	if h.readOnly {
		tmpfs := value[map[string]string](s.in.HostConfig, "Tmpfs")
		if tmpfs == nil {
			tmpfs = map[string]string{}
		}
		for _, p := range h.places {
			if !p.Keep {
				tmpfs[p.Path] = p.Options()
			}
		}
		set["ReadonlyRootfs"], set["Tmpfs"] = true, tmpfs
	}
	if h.noNetwork {
		set["NetworkMode"], set["PortBindings"], set["PublishAllPorts"] = "none", map[string]any{}, false
	}
	out := map[string]json.RawMessage{}
	for k, v := range set {
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		out[k] = text
	}
	return out, nil
}

// Options returns the options of a tmpfs in the place.
func (p Place) Options() string {
	return fmt.Sprintf("mode=%04o,uid=%d,gid=%d", p.Mode, p.UID, p.GID)
}

// A mountSpec is a mount to make.
type mountSpec struct {
	Type, Source, Target string

	ReadOnly bool
}

// mounts returns the mounts of a copy. Those of memory that HostConfig.Mounts has
// stay as they are.
func (s *subject) mounts(h *hardening, inPlace bool) []json.RawMessage {
	var out []json.RawMessage
	add := func(m mountSpec) {
		text, err := json.Marshal(m)
		if err == nil { // strings always are JSON
			out = append(out, text)
		}
	}
	for _, raw := range value[[]json.RawMessage](s.in.HostConfig, "Mounts") {
		var m mountSpec
		if json.Unmarshal(raw, &m) == nil && m.Type == "tmpfs" {
			out = append(out, raw)
		}
	}
	for _, m := range s.in.Mounts {
		switch to := s.copies[m.Source]; {
		case m.Type == "bind":
			add(mountSpec{Type: "bind", Source: cmp.Or(to, m.Source), Target: m.Destination, ReadOnly: !m.RW})
		case m.Type == "volume" && (inPlace || !m.RW) && m.Name != "":
			add(mountSpec{Type: "volume", Source: m.Name, Target: m.Destination, ReadOnly: !m.RW})
		case m.Type == "volume":
			add(mountSpec{Type: "volume", Target: m.Destination})
		}
	}
	if h != nil && h.readOnly {
		for _, p := range h.places {
			if p.Keep {
				add(mountSpec{Type: "volume", Target: p.Path})
			}
		}
	}
	return out
}
