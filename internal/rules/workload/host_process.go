package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_process.txtar
var hostProcessDoc string

var hostProcess = &rule.Rule{
	Name:     "host-process",
	Summary:  "the Windows container runs as a process of the node",
	Severity: finding.High,
	Refs:     []string{"trivy KSV-0103", "PSS baseline"},
	Gain:     "act on the Windows node itself",
	Prize:    finding.Takeover,
	Doc:      hostProcessDoc,
	Workload: checkHostProcess,
}

func checkHostProcess(p *rule.Pass, w *model.Workload) {
	if w.HostProcess.Known() && w.HostProcess.Value {
		p.Report(w.HostProcess.Place(), "container is a process of the host", rule.Set(w.HostProcess, false, "run in a container"))
	}
}
