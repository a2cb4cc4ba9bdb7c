package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed log_discarded.txtar
var logDiscardedDoc string

var logDiscarded = &rule.Rule{
	Name:     "log-discarded",
	Summary:  "the container's log is thrown away",
	Severity: finding.Low,
	Doc:      logDiscardedDoc,
	Workload: checkLogDiscarded,
}

func checkLogDiscarded(p *rule.Pass, w *model.Workload) {
	if w.Log.Known() && w.Log.Value.Driver == "none" {
		p.Report(w.Log.Place(), "log is thrown away", rule.Set(w.Log, rotated(model.LogConfig{}), "keep the log, rotated"))
	}
}
