package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed root_beside_non_root.txtar
var rootBesideNonRootDoc string

var rootBesideNonRoot = &rule.Rule{
	Name:     "root-beside-non-root",
	Summary:  "a pod asks for uid 0 and forbids it",
	Severity: finding.Medium,
	Refs:     []string{"PSS restricted"},
	Doc:      rootBesideNonRootDoc,
	Workload: checkRootBesideNonRoot,
}

func checkRootBesideNonRoot(p *rule.Pass, w *model.Workload) {
	if w.NonRoot.State == model.Set && w.NonRoot.Value && w.User.State == model.Set && w.User.Value.Root() {
		p.Report(w.User.Place(), "runAsNonRoot forbids the uid 0 that runAsUser asks for, and the container does not start",
			rule.Delete(w.User, "leave the user to the image"))
	}
}
