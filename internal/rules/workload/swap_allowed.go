package workload

import (
	_ "embed"
	"fmt"

	"github.com/docker/go-units"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed swap_allowed.txtar
var swapAllowedDoc string

var swapAllowed = &rule.Rule{
	Name:     "swap-allowed",
	Summary:  "the container may use swap beyond its memory limit",
	Severity: finding.Info,
	Refs:     []string{"CIS-Docker 5.11"},
	Doc:      swapAllowedDoc,
	Workload: checkSwapAllowed,
}

func checkSwapAllowed(p *rule.Pass, w *model.Workload) {
	if !limited(w) || w.MemorySwap.Value < 0 {
		return
	}
	total := w.MemorySwap.Value
	if total == 0 { // the engine's default
		total = 2 * w.Memory.Value
	}
	if swap := total - w.Memory.Value; swap > 0 {
		p.Report(w.MemorySwap.Place(), fmt.Sprintf("container can use %s of swap beyond its memory limit", units.BytesSize(float64(swap))),
			rule.Set(w.MemorySwap, w.Memory.Value, "allow no swap beyond the memory limit"))
	}
}
