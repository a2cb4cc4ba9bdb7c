package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed privileged.txtar
var privilegedDoc string

var privileged = &rule.Rule{
	Name:     "privileged",
	Summary:  "the container runs with every capability and device of the host",
	Severity: finding.Critical,
	Refs: []string{
		"trivy KSV-0017",
		"kics privileged_containers_enabled",
		"kics container_is_privileged",
		"checkov CKV_K8S_16",
		"kube-linter privileged-container",
		"CIS-Docker 5.5",
		"PSS baseline",
	},
	Gain:     "take over the host: every device and capability is open to it",
	Prize:    finding.Takeover,
	Doc:      privilegedDoc,
	Workload: checkPrivileged,
}

func checkPrivileged(p *rule.Pass, w *model.Workload) {
	if w.Privileged.Known() && w.Privileged.Value {
		f := p.Report(w.Privileged.Place(), "container is privileged",
			rule.Set(w.Privileged, false, "run without privileges"))
		if remapped(w) {
			f.Severity = finding.High // its root is not the host's
		}
	}
}
