package workload

import (
	_ "embed"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed exposed_not_published.txtar
var exposedNotPublishedDoc string

var exposedNotPublished = &rule.Rule{
	Name:     "exposed-not-published",
	Summary:  "a port is exposed where nothing is published",
	Severity: finding.Info,
	Doc:      exposedNotPublishedDoc,
	Workload: checkExposedNotPublished,
}

func checkExposedNotPublished(p *rule.Pass, w *model.Workload) {
	if w.Surface != model.Compose && w.Surface != model.RunLine || w.Role.Stores() {
		return
	}
	for _, port := range w.Exposed {
		// What the image exposes is a note of its author; what is written
		// beside the workload is meant to open something.
		if port.State != model.Unknown && port.Place.Span.IsValid() && port.Place.Span.File == w.Place.Span.File && !projectOpensOut(p.System, w) {
			p.Reportf(port.Place, "port %s is exposed, which publishes nothing, and nothing here is published", portText(port))
		}
	}
}

// projectOpensOut reports whether w or a workload of its project may lead the
// world in.
func projectOpensOut(s *model.System, w *model.Workload) bool {
	return slices.ContainsFunc(s.Workloads, func(other *model.Workload) bool {
		return other.Surface == w.Surface && other.Project == w.Project && opensOut(other)
	})
}

// opensOut reports whether w may lead the world to its neighbours: it is
// published, or joins a network that others can be on.
func opensOut(w *model.Workload) bool {
	if len(w.Ports) > 0 || len(w.Exposure) > 0 || w.PublishAll.Value || !w.Network.Known() || w.Network.Value.Host {
		return true
	}
	return slices.ContainsFunc(w.Attachments, func(a model.Attachment) bool {
		return a.Name == "bridge" || a.Network != nil && a.Network.External
	})
}
