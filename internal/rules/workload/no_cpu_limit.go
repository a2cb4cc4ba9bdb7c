package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed no_cpu_limit.txtar
var noCPULimitDoc string

var noCPULimit = &rule.Rule{
	Name:     "no-cpu-limit",
	Summary:  "the container may use all of the host's processors",
	Severity: finding.Low,
	Refs: []string{
		"trivy KSV-0011",
		"kics cpus_not_limited",
		"kics cpu_limits_not_set",
		"checkov CKV_K8S_11",
		"kube-linter unset-cpu-requirements",
		"CIS-Docker 5.12",
	},
	Doc:      noCPULimitDoc,
	Workload: checkNoCPULimit,
}

func checkNoCPULimit(p *rule.Pass, w *model.Workload) {
	if w.CPUs.Known() && w.CPUs.Value <= 0 {
		p.Report(w.CPUs.Place(), "container has no processor limit", rule.Set(w.CPUs, 1, "limit the container to one processor"))
	}
}
