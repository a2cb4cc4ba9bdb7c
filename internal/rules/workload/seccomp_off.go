package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed seccomp_off.txtar
var seccompOffDoc string

var seccompOff = &rule.Rule{
	Name:     "seccomp-off",
	Summary:  "the container may make every system call",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0104",
		"kics default_seccomp_profile_disabled",
		"kics seccomp_profile_is_not_configured",
		"checkov CKV_K8S_31",
		"CIS-Docker 5.22",
		"PSS baseline",
	},
	Gain:     "reach the whole kernel, rarely used system calls included",
	Doc:      seccompOffDoc,
	Workload: checkSeccompOff,
}

func checkSeccompOff(p *rule.Pass, w *model.Workload) {
	if w.Seccomp.Known() && w.Seccomp.Value == "unconfined" && (w.Surface != model.Kube || w.Seccomp.State == model.Set) {
		p.Report(w.Seccomp.Place(), "container runs without seccomp", withDefault(w, w.Seccomp, "use the default seccomp profile"))
	}
}

// withDefault returns the fix that makes the profile fact the default one: a
// pod has to say so, elsewhere it is enough to say nothing.
func withDefault(w *model.Workload, fact model.Fact[string], message string) finding.Fix {
	if w.Surface != model.Kube && fact.Delete != nil {
		return rule.Delete(fact, message)
	}
	return rule.Set(fact, "default", message)
}
