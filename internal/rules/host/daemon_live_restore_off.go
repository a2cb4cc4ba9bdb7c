package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_live_restore_off.txtar
var daemonLiveRestoreOffDoc string

var daemonLiveRestoreOff = &rule.Rule{
	Name:     "daemon-live-restore-off",
	Summary:  "a restart of the engine stops every container",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 2.15"},
	Doc:      daemonLiveRestoreOffDoc,
	Host:     checkDaemonLiveRestoreOff,
}

func checkDaemonLiveRestoreOff(p *rule.Pass, h *model.Host) {
	if h.LiveRestore.Known() && !h.LiveRestore.Value {
		p.Report(h.LiveRestore.Place(), "containers stop when the engine does", rule.Set(h.LiveRestore, true, "keep containers running"))
	}
}
