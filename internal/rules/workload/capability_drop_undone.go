package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed capability_drop_undone.txtar
var capabilityDropUndoneDoc string

var capabilityDropUndone = &rule.Rule{
	Name:     "capability-drop-undone",
	Summary:  "a capability is dropped and added back",
	Severity: finding.Medium,
	Gain:     "use the capabilities that look dropped",
	Doc:      capabilityDropUndoneDoc,
	Workload: checkCapabilityDropUndone,
}

func checkCapabilityDropUndone(p *rule.Pass, w *model.Workload) {
	if w.Surface == model.Kube { // container runtimes apply what a pod drops last, so that it wins
		return
	}
	for _, c := range w.CapAdd.Items {
		if c.Known() && lists(w.CapDrop, c.Value) {
			message := fmt.Sprintf("capability %s is dropped and added back", c.Value)
			if c.Value == "ALL" {
				message = "all capabilities are dropped and added back"
			}
			p.Report(c.Place(), message, rule.Delete(c, "do not add capability "+c.Value))
		}
	}
}
