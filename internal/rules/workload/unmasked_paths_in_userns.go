package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unmasked_paths_in_userns.txtar
var unmaskedPathsInUsernsDoc string

var unmaskedPathsInUserns = &rule.Rule{
	Name:     "unmasked-paths-in-userns",
	Summary:  "the kernel's files are unmasked, in a user namespace",
	Severity: finding.Info,
	Refs:     []string{"PSS restricted"},
	Doc:      unmaskedPathsInUsernsDoc,
	Workload: checkUnmaskedPathsInUserns,
}

func checkUnmaskedPathsInUserns(p *rule.Pass, w *model.Workload) {
	if w.Surface == model.Kube && w.UnmaskedPaths.Known() && w.UnmaskedPaths.Value && remapped(w) {
		p.Report(w.UnmaskedPaths.Place(), "container has the kernel's files in /proc and /sys unmasked, in a user namespace of its own",
			rule.Delete(w.UnmaskedPaths, "mask the kernel's files"))
	}
}
