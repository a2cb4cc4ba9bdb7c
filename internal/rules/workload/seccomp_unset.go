package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed seccomp_unset.txtar
var seccompUnsetDoc string

var seccompUnset = &rule.Rule{
	Name:     "seccomp-unset",
	Summary:  "the pod does not ask for a seccomp profile",
	Severity: finding.Low,
	Refs: []string{
		"trivy KSV-0030",
		"kics seccomp_profile_is_not_configured",
		"checkov CKV_K8S_31",
		"CIS-Docker 5.22",
		"PSS restricted",
	},
	Gain:     "reach the whole kernel, rarely used system calls included",
	Doc:      seccompUnsetDoc,
	Workload: checkSeccompUnset,
}

func checkSeccompUnset(p *rule.Pass, w *model.Workload) {
	s := w.Seccomp
	if w.Surface == model.Kube && s.State == model.Unset && !windows(w) && (!w.Privileged.Known() || !w.Privileged.Value) {
		p.Report(s.Place(), "container has no seccomp profile", rule.Set(s, "default", "use the runtime's default seccomp profile"))
	}
}
