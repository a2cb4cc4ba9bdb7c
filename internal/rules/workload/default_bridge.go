package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed default_bridge.txtar
var defaultBridgeDoc string

var defaultBridge = &rule.Rule{
	Name:     "default-bridge",
	Summary:  "the container is on the engine's default network",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 5.30"},
	Gain:     "reach every other container of the default network",
	Doc:      defaultBridgeDoc,
	Workload: checkDefaultBridge,
}

func checkDefaultBridge(p *rule.Pass, w *model.Workload) {
	n := w.Network
	switch {
	case w.Surface != model.RunLine && w.Surface != model.Container && w.Surface != model.Compose, !n.Known():
	case n.Value.Mode == "bridge" || n.Value.Mode == "default":
		p.Report(n.Place(), "container is on the engine's default network")
	}
}
