package workload

import (
	_ "embed"
	"maps"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unbounded_log.txtar
var unboundedLogDoc string

var unboundedLog = &rule.Rule{
	Name:     "unbounded-log",
	Summary:  "the container's log grows until the disk is full",
	Severity: finding.Low,
	Gain:     "fill the host's disk through the log",
	Doc:      unboundedLogDoc,
	Workload: checkUnboundedLog,
}

func checkUnboundedLog(p *rule.Pass, w *model.Workload) {
	if !w.Log.Known() {
		return
	}
	switch v := w.Log.Value; v.Driver {
	case "", "json-file":
		if v.Options["max-size"] == "" {
			p.Report(w.Log.Place(), "log is not rotated", rule.Safe(rule.Set(w.Log, rotated(v), "rotate the log at 10 MB, three files")))
		}
	}
}

// rotated returns c with the options that bound the log.
func rotated(c model.LogConfig) model.LogConfig {
	options := maps.Clone(c.Options)
	if options == nil {
		options = map[string]string{}
	}
	options["max-size"] = "10m"
	if options["max-file"] == "" {
		options["max-file"] = "3"
	}
	return model.LogConfig{Driver: "json-file", Options: options}
}
