package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_pid.txtar
var hostPIDDoc string

var hostPID = &rule.Rule{
	Name:     "host-pid",
	Summary:  "the container sees the processes of the host",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0010",
		"kics host_namespace_is_shared",
		"kics shared_host_pid_namespace",
		"checkov CKV_K8S_17",
		"kube-linter host-pid",
		"CIS-Docker 5.16",
		"PSS baseline",
	},
	Gain:     "see the host's processes and, as root, their files and secrets",
	Prize:    finding.Secrets,
	Doc:      hostPIDDoc,
	Workload: checkHostPID,
}

func checkHostPID(p *rule.Pass, w *model.Workload) {
	if w.PID.Known() && w.PID.Value.Mode == "host" {
		p.Report(w.PID.Place(), "container shares the host's PID namespace",
			rule.Delete(w.PID, "use a PID namespace of its own"))
	}
}
