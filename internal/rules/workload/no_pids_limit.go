package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed no_pids_limit.txtar
var noPIDsLimitDoc string

var noPIDsLimit = &rule.Rule{
	Name:     "no-pids-limit",
	Summary:  "the container may start any number of processes",
	Severity: finding.Medium,
	Refs:     []string{"kics pids_limit_not_set", "CIS-Docker 5.29"},
	Gain:     "stop the host with a fork bomb",
	Doc:      noPIDsLimitDoc,
	Workload: checkNoPIDsLimit,
}

func checkNoPIDsLimit(p *rule.Pass, w *model.Workload) {
	if w.PIDs.Known() && w.PIDs.Value <= 0 {
		p.Report(w.PIDs.Place(), "container has no limit of processes", rule.Set(w.PIDs, 200, "limit it to 200 processes"))
	}
}
