package dockerjson

import (
	"path"
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
	if !bind || device == "" {
		return
	}
	// The engine runs in the root directory, so that is where a relative
	// device starts.
	m.Kind = model.BindMount
	m.Source = model.Fact[string]{Value: path.Join("/", device), State: model.Set, Path: m.Place.Path}
}
