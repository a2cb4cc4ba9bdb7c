package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_port.txtar
var hostPortDoc string

var hostPort = &rule.Rule{
	Name:     "host-port",
	Summary:  "the container takes a port of the node",
	Severity: finding.Medium,
	Refs:     []string{"trivy KSV-0024", "kics workload_host_port_not_specified", "checkov CKV_K8S_26", "PSS baseline"},
	Doc:      hostPortDoc,
	Workload: checkHostPort,
}

func checkHostPort(p *rule.Pass, w *model.Workload) {
	if w.Surface != model.Kube {
		return
	}
	for _, port := range w.Ports {
		if port.State != model.Unknown && !port.Loopback() {
			p.Report(port.Place, fmt.Sprintf("port %s is bound on the node", portText(port)), rule.Do(port.Delete, "do not bind it on the node"))
		}
	}
}
