package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed interactive.txtar
var interactiveDoc string

var interactive = &rule.Rule{
	Name:     "interactive",
	Summary:  "the container keeps a terminal or its input open",
	Severity: finding.Info,
	Doc:      interactiveDoc,
	Workload: checkInteractive,
}

func checkInteractive(p *rule.Pass, w *model.Workload) {
	if w.Short {
		return
	}
	if w.Stdin.Known() && w.Stdin.Value {
		p.Report(w.Stdin.Place(), "standard input is kept open", rule.Set(w.Stdin, false, "close standard input"))
	}
	if w.TTY.Known() && w.TTY.Value {
		p.Report(w.TTY.Place(), "a terminal is allocated", rule.Set(w.TTY, false, "allocate no terminal"))
	}
}
