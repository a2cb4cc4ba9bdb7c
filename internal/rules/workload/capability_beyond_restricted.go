package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed capability_beyond_restricted.txtar
var capabilityBeyondRestrictedDoc string

var capabilityBeyondRestricted = &rule.Rule{
	Name:     "capability-beyond-restricted",
	Summary:  "a capability is added that the restricted standard refuses",
	Severity: finding.Info,
	Refs:     []string{"PSS restricted"},
	Doc:      capabilityBeyondRestrictedDoc,
	Workload: checkCapabilityBeyondRestricted,
}

func checkCapabilityBeyondRestricted(p *rule.Pass, w *model.Workload) {
	if w.Surface != model.Kube {
		return
	}
	for _, c := range w.CapAdd.Items {
		if !c.Known() || c.Value == "NET_BIND_SERVICE" {
			continue
		}
		if _, dangerous := harmOf(c.Value); !dangerous {
			p.Report(c.Place(), fmt.Sprintf("container adds capability %s, which the restricted standard does not allow", c.Value))
		}
	}
}
