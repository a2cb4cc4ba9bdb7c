package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_ulimits_unset.txtar
var daemonUlimitsUnsetDoc string

var daemonUlimitsUnset = &rule.Rule{
	Name:     "daemon-ulimits-unset",
	Summary:  "containers have no default resource limits of processes",
	Severity: finding.Info,
	Refs:     []string{"CIS-Docker 2.8"},
	Doc:      daemonUlimitsUnsetDoc,
	Host:     checkDaemonUlimitsUnset,
}

func checkDaemonUlimitsUnset(p *rule.Pass, h *model.Host) {
	if h.Ulimits.Known() && !h.Ulimits.Value {
		p.Report(h.Ulimits.Place(), "default ulimits are not set")
	}
}
