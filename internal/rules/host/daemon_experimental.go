package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_experimental.txtar
var daemonExperimentalDoc string

var daemonExperimental = &rule.Rule{
	Name:     "daemon-experimental",
	Summary:  "the engine runs features that are not finished",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 2.18"},
	Doc:      daemonExperimentalDoc,
	Host:     checkDaemonExperimental,
}

func checkDaemonExperimental(p *rule.Pass, h *model.Host) {
	if h.Experimental.Known() && h.Experimental.Value {
		p.Report(h.Experimental.Place(), "experimental features are on", rule.Set(h.Experimental, false, "switch them off"))
	}
}
