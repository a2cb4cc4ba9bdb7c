package host

import (
	_ "embed"
	"maps"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_unbounded_log.txtar
var daemonUnboundedLogDoc string

var daemonUnboundedLog = &rule.Rule{
	Name:     "daemon-unbounded-log",
	Summary:  "logs of containers grow until the disk is full",
	Severity: finding.Low,
	Gain:     "fill the host's disk through a log",
	Doc:      daemonUnboundedLogDoc,
	Host:     checkDaemonUnboundedLog,
}

func checkDaemonUnboundedLog(p *rule.Pass, h *model.Host) {
	if !h.Log.Known() {
		return
	}
	if v := h.Log.Value; (v.Driver == "" || v.Driver == "json-file") && v.Options["max-size"] == "" {
		options := maps.Clone(v.Options)
		if options == nil {
			options = map[string]string{}
		}
		options["max-size"], options["max-file"] = "10m", "3"
		p.Report(h.Log.Place(), "logs are not rotated by default",
			rule.Safe(rule.Set(h.Log, model.LogConfig{Driver: "json-file", Options: options}, "rotate logs at 10 MB, three files")))
	}
}
