package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed no_healthcheck.txtar
var noHealthcheckDoc string

var noHealthcheck = &rule.Rule{
	Name:     "no-healthcheck",
	Summary:  "nothing watches whether the program still works",
	Severity: finding.Low,
	Refs: []string{
		"hadolint DL3057",
		"trivy DS-0026",
		"kics healthcheck_instruction_missing",
		"kics healthcheck_not_set",
		"kics liveness_probe_is_not_defined",
		"kics readiness_probe_is_not_configured",
		"checkov CKV_DOCKER_2",
		"checkov CKV_K8S_8",
		"checkov CKV_K8S_9",
		"dockle CIS-DI-0006",
		"kube-linter no-liveness-probe",
		"kube-linter no-readiness-probe",
		"CIS-Docker 4.6",
		"CIS-Docker 5.27",
	},
	Doc:      noHealthcheckDoc,
	Workload: checkNoHealthcheck,
}

func checkNoHealthcheck(p *rule.Pass, w *model.Workload) {
	if w.Short || !w.Health.Known() || w.Health.Value.Kind != model.NoHealth || shellless(w) {
		return
	}
	p.Report(w.Health.Place(), "health is not checked")
}

// shellless reports whether w's image is built from scratch.
func shellless(w *model.Workload) bool {
	return w.Build != nil && w.Build.Target != nil && w.Build.Target.Scratch
}
