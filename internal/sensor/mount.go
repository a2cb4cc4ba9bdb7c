package sensor

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/falco"
)

// noMount is what the rules language calls a mount that is not there: it has a
// value, which rules compare with.
const noMount = "N/A"

// String returns the mount as rules compare it.
func (m Mount) String() string {
	return strings.Join([]string{m.Source, m.Destination, m.Mode, strconv.FormatBool(m.Writable), m.Propagation}, ":")
}

func joinMounts(mounts []Mount) string {
	all := make([]string, len(mounts))
	for i, m := range mounts {
		all[i] = m.String()
	}
	return strings.Join(all, ",")
}

func joinLabels(labels map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		all = append(all, name+":"+labels[name])
	}
	return strings.Join(all, ", ")
}

func bySource(m Mount) string      { return m.Source }
func byDestination(m Mount) string { return m.Destination }

// mountPart gets a part of the mount that the argument names: its number, or a
// pattern of the path that key returns.
func mountPart(key, part func(Mount) string) getter {
	return func(e *Event, r *falco.Ref, v *falco.Value) bool {
		if e.Container == nil {
			return false
		}
		for i, m := range e.Container.Mounts {
			if i == r.Index || r.Index < 0 && falco.Glob(r.Arg, key(m)) {
				return text(part(m), v)
			}
		}
		return text(noMount, v)
	}
}
