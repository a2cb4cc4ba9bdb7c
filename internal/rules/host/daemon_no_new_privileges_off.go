package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_no_new_privileges_off.txtar
var daemonNoNewPrivilegesOffDoc string

var daemonNoNewPrivilegesOff = &rule.Rule{
	Name:     "daemon-no-new-privileges-off",
	Summary:  "containers may gain privileges unless each forbids it",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 2.14"},
	Doc:      daemonNoNewPrivilegesOffDoc,
	Host:     checkDaemonNoNewPrivilegesOff,
}

func checkDaemonNoNewPrivilegesOff(p *rule.Pass, h *model.Host) {
	if h.NoNewPrivileges.Known() && !h.NoNewPrivileges.Value {
		p.Report(h.NoNewPrivileges.Place(), "privilege escalation is allowed by default", rule.Set(h.NoNewPrivileges, true, "forbid gaining privileges by default"))
	}
}
