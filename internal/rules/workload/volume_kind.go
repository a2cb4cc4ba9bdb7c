package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed volume_kind.txtar
var volumeKindDoc string

var volumeKind = &rule.Rule{
	Name:     "volume-kind",
	Summary:  "a volume of a kind the restricted standard refuses",
	Severity: finding.Info,
	Refs:     []string{"PSS restricted"},
	Doc:      volumeKindDoc,
	Workload: checkVolumeKind,
}

func checkVolumeKind(p *rule.Pass, w *model.Workload) {
	for _, v := range w.Volumes {
		switch v.Kind {
		case "", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret":
		case "hostPath": // host-path-volume says it
		default:
			p.Report(v.Place, fmt.Sprintf("volume %s is of kind %s, which the restricted standard does not allow", v.Name, v.Kind))
		}
	}
}
