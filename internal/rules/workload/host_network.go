package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_network.txtar
var hostNetworkDoc string

var hostNetwork = &rule.Rule{
	Name:     "host-network",
	Summary:  "the container uses the network of the host",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0009",
		"kics shared_host_network_namespace",
		"checkov CKV_K8S_19",
		"kube-linter host-network",
		"CIS-Docker 5.10",
		"PSS baseline",
	},
	Gain:     "reach what listens on the host's loopback address",
	Doc:      hostNetworkDoc,
	Workload: checkHostNetwork,
}

func checkHostNetwork(p *rule.Pass, w *model.Workload) {
	if w.Network.Known() && w.Network.Value.Mode == "host" {
		p.Report(w.Network.Place(), "container uses the host's network",
			rule.Delete(w.Network, "use a network of its own"))
	}
}
