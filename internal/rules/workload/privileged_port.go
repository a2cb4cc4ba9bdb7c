package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed privileged_port.txtar
var privilegedPortDoc string

var privilegedPort = &rule.Rule{
	Name:     "privileged-port",
	Summary:  "a port below 1024 of the host is taken",
	Severity: finding.Info,
	Refs: []string{
		"trivy KSV-0117",
		"kics privileged_ports_mapped_in_container",
		"kube-linter privileged-ports",
		"CIS-Docker 5.8",
	},
	Doc:      privilegedPortDoc,
	Workload: checkPrivilegedPort,
}

func checkPrivilegedPort(p *rule.Pass, w *model.Workload) {
	for _, port := range w.Ports {
		if port.State != model.Unknown && 0 < port.HostFirst && port.HostFirst < 1024 {
			p.Report(port.Place, fmt.Sprintf("port %d of the host is privileged", port.HostFirst))
		}
	}
}
