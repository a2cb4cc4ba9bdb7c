package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed apparmor_off.txtar
var apparmorOffDoc string

var apparmorOff = &rule.Rule{
	Name:     "apparmor-off",
	Summary:  "the container runs without an AppArmor profile",
	Severity: finding.High,
	Refs:     []string{"trivy KSV-0002", "kics missing_app_armor_config", "CIS-Docker 5.2", "PSS baseline"},
	Gain:     "mount file systems and write to /proc where capabilities allow it",
	Doc:      apparmorOffDoc,
	Workload: checkApparmorOff,
}

func checkApparmorOff(p *rule.Pass, w *model.Workload) {
	if w.AppArmor.Known() && w.AppArmor.State == model.Set && w.AppArmor.Value == "unconfined" {
		p.Report(w.AppArmor.Place(), "container runs without AppArmor", withDefault(w, w.AppArmor, "use the default AppArmor profile"))
	}
}
