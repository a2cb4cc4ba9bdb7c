package rule

import (
	"path"
	"slices"
	"strings"

	"bulkhead/internal/model"
)

// Surfaces returns the surfaces r's archive shows it on, in the order of
// model.Surfaces.
func (r *Rule) Surfaces() []model.Surface {
	seen := map[model.Surface]bool{}
	for _, f := range r.Page().Examples {
		if f.Bad == "" {
			continue
		}
		if s, ok := surfaceOf(path.Base(f.Name)); ok {
			seen[s] = true
		}
	}
	var out []model.Surface
	for _, s := range model.Surfaces {
		if seen[s] {
			out = append(out, s)
		}
	}
	return out
}

// surfaceOf tells the surface of an example from its name.
func surfaceOf(name string) (model.Surface, bool) {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	stem = strings.TrimRight(stem, "-0123456789")
	for _, x := range []struct {
		names   []string
		surface model.Surface
	}{
		{[]string{"dockerfile", "containerfile"}, model.Dockerfile},
		{[]string{"compose", "docker-compose"}, model.Compose},
		{[]string{"pod", "kube"}, model.Kube},
		{[]string{"run", "makefile", "ci"}, model.RunLine},
		{[]string{"image"}, model.ImageStore},
		{[]string{"container"}, model.Container},
		{[]string{"daemon", "info"}, model.Daemon},
		{[]string{"host"}, model.HostSystem},
		{[]string{"file"}, model.ProjectFile},
	} {
		if slices.Contains(x.names, stem) {
			return x.surface, true
		}
	}
	return "", false
}
