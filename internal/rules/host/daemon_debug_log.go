package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_debug_log.txtar
var daemonDebugLogDoc string

var daemonDebugLog = &rule.Rule{
	Name:     "daemon-debug-log",
	Summary:  "the engine logs more than it should",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 2.3"},
	Doc:      daemonDebugLogDoc,
	Host:     checkDaemonDebugLog,
}

func checkDaemonDebugLog(p *rule.Pass, h *model.Host) {
	if h.LogLevel.Known() && h.LogLevel.Value == "debug" {
		p.Report(h.LogLevel.Place(), "log level is debug", rule.Safe(rule.Set(h.LogLevel, "info", "log what matters")))
	}
}
