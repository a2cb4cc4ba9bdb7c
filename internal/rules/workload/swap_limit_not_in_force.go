package workload

import (
	_ "embed"

	"github.com/docker/go-units"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed swap_limit_not_in_force.txtar
var swapLimitNotInForceDoc string

var swapLimitNotInForce = &rule.Rule{
	Name:     "swap-limit-not-in-force",
	Summary:  "the memory limit does not count swap",
	Severity: finding.Medium,
	Gain:     "use up the host's swap in spite of the memory limit",
	Doc:      swapLimitNotInForceDoc,
	Workload: checkSwapLimitNotInForce,
}

func checkSwapLimitNotInForce(p *rule.Pass, w *model.Workload) {
	k := w.Kernel
	if k == nil || !limited(w) || w.MemorySwap.Value < 0 || k.MemoryMax <= 0 {
		return
	}
	size := units.BytesSize(float64(w.Memory.Value))
	switch {
	case !k.SwapAccounting:
		p.Reportf(w.Memory.Place(), "container is limited to %s of memory, but swap is not counted: the kernel has no swap accounting", size)
	case k.SwapMax == 0:
		p.Reportf(w.Memory.Place(), "container is limited to %s of memory, but swap is not limited", size)
	}
}
