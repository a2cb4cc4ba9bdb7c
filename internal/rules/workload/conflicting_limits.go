package workload

import (
	_ "embed"
	"fmt"

	"github.com/docker/go-units"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed conflicting_limits.txtar
var conflictingLimitsDoc string

var conflictingLimits = &rule.Rule{
	Name:     "conflicting-limits",
	Summary:  "limits contradict one another",
	Severity: finding.Low,
	Doc:      conflictingLimitsDoc,
	Workload: checkConflictingLimits,
}

func checkConflictingLimits(p *rule.Pass, w *model.Workload) {
	size := func(n int64) string { return units.BytesSize(float64(n)) }
	if m, r := w.Memory, w.MemoryReservation; m.Known() && r.Known() && m.Value > 0 && r.Value > m.Value {
		p.Report(r.Place(), fmt.Sprintf("memory reservation of %s is above the limit of %s", size(r.Value), size(m.Value)),
			rule.Set(r, m.Value, "reserve what the limit allows"))
	}
	if c, r := w.CPUs, w.CPUReservation; c.Known() && r.Known() && c.Value > 0 && r.Value > c.Value {
		p.Report(r.Place(), fmt.Sprintf("processor reservation of %g is above the limit of %g", r.Value, c.Value),
			rule.Set(r, c.Value, "reserve what the limit allows"))
	}
	if limited(w) && w.MemorySwap.Value > 0 && w.MemorySwap.Value < w.Memory.Value {
		p.Report(w.MemorySwap.Place(), fmt.Sprintf("limit of memory and swap together of %s is below the memory limit of %s",
			size(w.MemorySwap.Value), size(w.Memory.Value)),
			rule.Set(w.MemorySwap, w.Memory.Value, "allow no swap beyond the memory limit"))
	}
}
