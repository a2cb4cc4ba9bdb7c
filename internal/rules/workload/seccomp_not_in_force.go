package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed seccomp_not_in_force.txtar
var seccompNotInForceDoc string

var seccompNotInForce = &rule.Rule{
	Name:     "seccomp-not-in-force",
	Summary:  "no seccomp filter confines the container, although one is expected",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 5.22"},
	Gain:     "reach the whole kernel, rarely used system calls included",
	Doc:      seccompNotInForceDoc,
	Workload: checkSeccompNotInForce,
}

func checkSeccompNotInForce(p *rule.Pass, w *model.Workload) {
	k, s := w.Kernel, w.Seccomp
	if k != nil && k.Seccomp == 0 && s.Known() && s.Value != "unconfined" && !w.Privileged.Value {
		p.Reportf(s.Place(), "container is to run under seccomp profile %s, but no filter is in force", s.Value)
	}
}
