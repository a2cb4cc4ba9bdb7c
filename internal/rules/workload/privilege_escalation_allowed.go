package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed privilege_escalation_allowed.txtar
var privilegeEscalationAllowedDoc string

var privilegeEscalationAllowed = &rule.Rule{
	Name:     "privilege-escalation-allowed",
	Summary:  "programs in the container can gain privileges they were not started with",
	Severity: finding.Medium,
	Refs: []string{
		"trivy KSV-0001",
		"kics no_new_privileges_not_set",
		"kics privilege_escalation_allowed",
		"checkov CKV_K8S_20",
		"kube-linter privilege-escalation-container",
		"CIS-Docker 5.26",
		"CIS-Docker 2.14",
		"PSS restricted",
	},
	Gain:     "become root through any set-uid program of the image",
	Doc:      privilegeEscalationAllowedDoc,
	Workload: checkPrivilegeEscalationAllowed,
}

func checkPrivilegeEscalationAllowed(p *rule.Pass, w *model.Workload) {
	if w.Privileged.Known() && w.Privileged.Value { // it has them all
		return
	}
	if w.NoNewPrivileges.Known() && !w.NoNewPrivileges.Value && !windows(w) {
		p.Report(w.NoNewPrivileges.Place(), "container can gain new privileges",
			rule.Set(w.NoNewPrivileges, true, "forbid gaining privileges"))
	}
}
