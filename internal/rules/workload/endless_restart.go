package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed endless_restart.txtar
var endlessRestartDoc string

var endlessRestart = &rule.Rule{
	Name:     "endless-restart",
	Summary:  "the container is restarted without end",
	Severity: finding.Info,
	Refs:     []string{"kics restart_policy_on_failure_not_set_to_5", "CIS-Docker 5.15"},
	Doc:      endlessRestartDoc,
	Workload: checkEndlessRestart,
}

func checkEndlessRestart(p *rule.Pass, w *model.Workload) {
	if w.Short || !w.Restart.Known() {
		return
	}
	switch v := w.Restart.Value; v.Policy {
	case "always", "unless-stopped":
	case "on-failure":
		if v.Max > 0 {
			return
		}
	default:
		return
	}
	p.Report(w.Restart.Place(), "restarts are not bounded",
		rule.Set(w.Restart, model.Restart{Policy: "on-failure", Max: 5}, "give up after five restarts"))
}
