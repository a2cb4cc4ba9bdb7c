package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unmasked_paths.txtar
var unmaskedPathsDoc string

var unmaskedPaths = &rule.Rule{
	Name:     "unmasked-paths",
	Summary:  "the kernel's files in /proc and /sys are open to the container",
	Severity: finding.High,
	Refs:     []string{"trivy KSV-0027", "kics container_runs_unmasked", "kube-linter unsafe-proc-mount", "PSS baseline"},
	Gain:     "read the host's kernel memory and change its settings",
	Doc:      unmaskedPathsDoc,
	Workload: checkUnmaskedPaths,
}

func checkUnmaskedPaths(p *rule.Pass, w *model.Workload) {
	if w.UnmaskedPaths.Known() && w.UnmaskedPaths.Value && !remapped(w) {
		p.Report(w.UnmaskedPaths.Place(), "container has the kernel's files in /proc and /sys unmasked",
			rule.Delete(w.UnmaskedPaths, "mask the kernel's files"))
	}
}
