package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_ipc.txtar
var hostIPCDoc string

var hostIPC = &rule.Rule{
	Name:     "host-ipc",
	Summary:  "the container shares memory with the processes of the host",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0008",
		"kics shared_host_ipc_namespace",
		"checkov CKV_K8S_18",
		"kube-linter host-ipc",
		"CIS-Docker 5.17",
		"PSS baseline",
	},
	Gain:     "read and change the shared memory of the host's programs",
	Doc:      hostIPCDoc,
	Workload: checkHostIPC,
}

func checkHostIPC(p *rule.Pass, w *model.Workload) {
	if w.IPC.Known() && w.IPC.Value.Mode == "host" {
		p.Report(w.IPC.Place(), "container shares the host's IPC namespace",
			rule.Delete(w.IPC, "use a IPC namespace of its own"))
	}
}
