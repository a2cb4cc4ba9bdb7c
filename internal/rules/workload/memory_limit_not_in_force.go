package workload

import (
	_ "embed"

	"github.com/docker/go-units"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed memory_limit_not_in_force.txtar
var memoryLimitNotInForceDoc string

var memoryLimitNotInForce = &rule.Rule{
	Name:     "memory-limit-not-in-force",
	Summary:  "the memory limit that was asked for is not in force",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 5.11"},
	Gain:     "use up the host's memory",
	Doc:      memoryLimitNotInForceDoc,
	Workload: checkMemoryLimitNotInForce,
}

func checkMemoryLimitNotInForce(p *rule.Pass, w *model.Workload) {
	k, m := w.Kernel, w.Memory
	const page = 64 << 10 // the largest a kernel may round a limit up to
	if k == nil || !m.Known() || m.Value <= 0 {
		return
	}
	size := func(n int64) string { return units.BytesSize(float64(n)) }
	switch {
	case k.MemoryMax == 0:
		p.Reportf(m.Place(), "container is limited to %s of memory, but no limit is in force", size(m.Value))
	case k.MemoryMax > m.Value+page:
		p.Reportf(m.Place(), "container is limited to %s of memory, but %s is in force", size(m.Value), size(k.MemoryMax))
	}
}
