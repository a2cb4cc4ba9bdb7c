package workload

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed shared_propagation.txtar
var sharedPropagationDoc string

var sharedPropagation = &rule.Rule{
	Name:     "shared-propagation",
	Summary:  "mounts made in the container appear on the host",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 5.20"},
	Gain:     "mount file systems over directories of the host",
	Doc:      sharedPropagationDoc,
	Workload: checkSharedPropagation,
}

func checkSharedPropagation(p *rule.Pass, w *model.Workload) {
	for _, m := range w.Mounts {
		v := m.Propagation
		if !v.Known() {
			continue
		}
		switch strings.ToLower(v.Value) {
		case "shared", "rshared", "bidirectional":
			fix := rule.Delete(v, "keep mounts in the container")
			if len(fix.Edits) == 0 {
				fix = rule.Set(v, "rprivate", "keep mounts in the container")
			}
			p.Report(v.Place(), "container shares its mounts with the host at "+m.Target.Value, fix)
		}
	}
}
