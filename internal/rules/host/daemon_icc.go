package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_icc.txtar
var daemonICCDoc string

var daemonICC = &rule.Rule{
	Name:     "daemon-icc",
	Summary:  "containers on the default network reach one another",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 2.2"},
	Gain:     "reach every container of the default network",
	Doc:      daemonICCDoc,
	Host:     checkDaemonICC,
}

func checkDaemonICC(p *rule.Pass, h *model.Host) {
	if h.ICC.Known() && h.ICC.Value {
		p.Report(h.ICC.Place(), "containers on the default network reach one another", rule.Set(h.ICC, false, "keep them apart"))
	}
}
