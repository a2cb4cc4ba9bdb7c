package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed service_account_token.txtar
var serviceAccountTokenDoc string

var serviceAccountToken = &rule.Rule{
	Name:     "service-account-token",
	Summary:  "the pod carries a token for the cluster's API",
	Severity: finding.Low,
	Refs: []string{
		"trivy KSV-0036",
		"kics service_account_token_automount_not_disabled",
		"checkov CKV_K8S_38",
		"kube-linter default-service-account",
	},
	Gain:     "talk to the cluster's API with the rights of the pod's account",
	Doc:      serviceAccountTokenDoc,
	Workload: checkServiceAccountToken,
}

func checkServiceAccountToken(p *rule.Pass, w *model.Workload) {
	if t := w.ServiceAccountToken; t.Known() && t.Value {
		p.Report(t.Place(), "container has a service account token", rule.Set(t, false, "mount no service account token"))
	}
}
