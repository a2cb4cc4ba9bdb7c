package dockerjson

import (
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// BindVolume makes m a bind mount where options, those of a volume of the
// local driver, mount a path of the host.
func BindVolume(m *model.Mount, options map[string]string) {
	device := options["device"]
	flags := strings.Split(options["o"], ",")
	bind := slices.Contains(flags, "bind") || slices.Contains(flags, "rbind")
	if !bind || !strings.HasPrefix(device, "/") {
		return
	}
	m.Kind = model.BindMount
	m.Source = model.Fact[string]{Value: device, State: model.Set, Path: m.Place.Path}
}
