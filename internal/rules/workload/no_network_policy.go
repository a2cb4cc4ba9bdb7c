package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed no_network_policy.txtar
var noNetworkPolicyDoc string

var noNetworkPolicy = &rule.Rule{
	Name:     "no-network-policy",
	Summary:  "container is selected by no network policy",
	Severity: finding.Medium,
	Refs: []string{
		"trivy KSV-0038",
		"kics pod_misconfigured_network_policy",
		"checkov CKV2_K8S_6",
		"kube-linter non-isolated-pod",
	},
	Gain:     "reach every pod of the cluster",
	Doc:      noNetworkPolicyDoc,
	Workload: checkNoNetworkPolicy,
}

func checkNoNetworkPolicy(p *rule.Pass, w *model.Workload) {
	n := w.NetworkPolicy
	patch := w.Image.Name == "" // which lacks the labels that policies select by
	if w.Surface == model.Kube && n.Known() && !n.Value && !w.Network.Value.Host && !patch {
		p.Report(n.Place(), "container is selected by no network policy").Likely = true
	}
}
