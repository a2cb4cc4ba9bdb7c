package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_iptables_off.txtar
var daemonIptablesOffDoc string

var daemonIptablesOff = &rule.Rule{
	Name:     "daemon-iptables-off",
	Summary:  "the engine may not set firewall rules",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 2.4"},
	Gain:     "reach containers of other networks",
	Doc:      daemonIptablesOffDoc,
	Host:     checkDaemonIptablesOff,
}

func checkDaemonIptablesOff(p *rule.Pass, h *model.Host) {
	if h.IPTables.Known() && !h.IPTables.Value {
		p.Report(h.IPTables.Place(), "the engine sets no firewall rules", rule.Set(h.IPTables, true, "let the engine set its rules"))
	}
}
