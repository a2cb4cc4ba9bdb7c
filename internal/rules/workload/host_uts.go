package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_uts.txtar
var hostUTSDoc string

var hostUTS = &rule.Rule{
	Name:     "host-uts",
	Summary:  "the container shares the host's name",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 5.21"},
	Gain:     "rename the host where its capabilities allow it",
	Doc:      hostUTSDoc,
	Workload: checkHostUTS,
}

func checkHostUTS(p *rule.Pass, w *model.Workload) {
	if w.UTS.Known() && w.UTS.Value.Mode == "host" {
		p.Report(w.UTS.Place(), "container shares the host's UTS namespace",
			rule.Delete(w.UTS, "use a UTS namespace of its own"))
	}
}
