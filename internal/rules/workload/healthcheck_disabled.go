package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed healthcheck_disabled.txtar
var healthcheckDisabledDoc string

var healthcheckDisabled = &rule.Rule{
	Name:     "healthcheck-disabled",
	Summary:  "the health check of the image is switched off",
	Severity: finding.Low,
	Refs:     []string{"kics healthcheck_not_set", "CIS-Docker 5.27"},
	Doc:      healthcheckDisabledDoc,
	Workload: checkHealthcheckDisabled,
}

func checkHealthcheckDisabled(p *rule.Pass, w *model.Workload) {
	if w.Short || !w.Health.Known() || w.Health.Value.Kind != model.DisabledHealth {
		return
	}
	p.Report(w.Health.Place(), "health check is switched off", rule.Delete(w.Health, "use the image's health check"))
}
