package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed root_process.txtar
var rootProcessDoc string

var rootProcess = &rule.Rule{
	Name:     "root-process",
	Summary:  "a process runs as root in a container with another user",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 4.1"},
	Gain:     "act as root on whatever it can reach",
	Doc:      rootProcessDoc,
	Workload: checkRootProcess,
}

func checkRootProcess(p *rule.Pass, w *model.Workload) {
	u := w.User
	if w.Kernel == nil || !u.Known() || u.Value.Root() {
		return
	}
	seen := map[string]bool{}
	for _, t := range w.Kernel.Tasks {
		root := t.UIDIn == 0 || t.UIDIn < 0 && t.UID == 0
		if !root || seen[t.Command] {
			continue
		}
		seen[t.Command] = true
		p.Reportf(u.Place(), "container runs process %s as root, although its user is %s", t.Command, u.Value.Name)
	}
}
