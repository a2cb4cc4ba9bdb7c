package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed no_new_privileges_not_in_force.txtar
var noNewPrivilegesNotInForceDoc string

var noNewPrivilegesNotInForce = &rule.Rule{
	Name:     "no-new-privileges-not-in-force",
	Summary:  "the container can gain privileges although that was forbidden",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 5.26"},
	Gain:     "become root through any set-uid program of the image",
	Doc:      noNewPrivilegesNotInForceDoc,
	Workload: checkNoNewPrivilegesNotInForce,
}

func checkNoNewPrivilegesNotInForce(p *rule.Pass, w *model.Workload) {
	if k, n := w.Kernel, w.NoNewPrivileges; k != nil && n.Known() && n.Value && !k.NoNewPrivs {
		p.Reportf(n.Place(), "container is forbidden to gain privileges, but the kernel allows it")
	}
}
