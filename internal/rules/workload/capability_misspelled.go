package workload

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed capability_misspelled.txtar
var capabilityMisspelledDoc string

var capabilityMisspelled = &rule.Rule{
	Name:     "capability-misspelled",
	Summary:  "a capability is written in a way Kubernetes does not",
	Severity: finding.Low,
	Refs:     []string{"PSS baseline"},
	Doc:      capabilityMisspelledDoc,
	Workload: checkCapabilityMisspelled,
}

func checkCapabilityMisspelled(p *rule.Pass, w *model.Workload) {
	for _, c := range w.Misspelled {
		if !c.Known() {
			continue
		}
		name := strings.TrimPrefix(strings.ToUpper(c.Value), "CAP_")
		p.Report(c.Place(), fmt.Sprintf("capability %s is %s in a pod", c.Value, name), rule.Set(c, name, "write "+name))
	}
}
