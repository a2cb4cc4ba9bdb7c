package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed swap_unlimited.txtar
var swapUnlimitedDoc string

var swapUnlimited = &rule.Rule{
	Name:     "swap-unlimited",
	Summary:  "the container may use all of the host's swap",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 5.11"},
	Doc:      swapUnlimitedDoc,
	Workload: checkSwapUnlimited,
}

func checkSwapUnlimited(p *rule.Pass, w *model.Workload) {
	if limited(w) && w.MemorySwap.Value < 0 {
		p.Report(w.MemorySwap.Place(), "container has no swap limit", rule.Set(w.MemorySwap, w.Memory.Value, "allow no swap beyond the memory limit"))
	}
}

// limited reports whether w has a memory limit and its swap limit is known.
func limited(w *model.Workload) bool {
	return w.Memory.Known() && w.Memory.Value > 0 && w.MemorySwap.Known()
}
