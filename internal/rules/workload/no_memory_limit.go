package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed no_memory_limit.txtar
var noMemoryLimitDoc string

var noMemoryLimit = &rule.Rule{
	Name:     "no-memory-limit",
	Summary:  "the container may use all of the host's memory",
	Severity: finding.Medium,
	Refs: []string{
		"trivy KSV-0018",
		"kics memory_not_limited",
		"kics memory_limits_not_defined",
		"checkov CKV_K8S_13",
		"kube-linter unset-memory-requirements",
		"CIS-Docker 5.11",
	},
	Gain:     "use up the host's memory",
	Doc:      noMemoryLimitDoc,
	Workload: checkNoMemoryLimit,
}

func checkNoMemoryLimit(p *rule.Pass, w *model.Workload) {
	if w.Memory.Known() && w.Memory.Value <= 0 {
		p.Report(w.Memory.Place(), "container has no memory limit", rule.Set(w.Memory, 512<<20, "limit memory to 512 MiB"))
	}
}
