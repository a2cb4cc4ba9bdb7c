package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_path_volume.txtar
var hostPathVolumeDoc string

var hostPathVolume = &rule.Rule{
	Name:     "host-path-volume",
	Summary:  "a volume of a pod is a path of the node",
	Severity: finding.Info,
	Refs:     []string{"trivy KSV-0023", "PSS baseline"},
	Doc:      hostPathVolumeDoc,
	Workload: checkHostPathVolume,
}

func checkHostPathVolume(p *rule.Pass, w *model.Workload) {
	for _, v := range w.Volumes {
		switch {
		case v.Kind != "hostPath" || !v.Host.Known():
		case v.Delete != nil:
			p.Report(v.Place, fmt.Sprintf("pod has a volume of the node's path %s that no container mounts", v.Host.Value),
				rule.Do(v.Delete, "take the volume out"))
		default:
			p.Report(v.Place, fmt.Sprintf("pod has a volume of the node's path %s", v.Host.Value))
		}
	}
}
