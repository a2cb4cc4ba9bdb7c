package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_cgroup.txtar
var hostCgroupDoc string

var hostCgroup = &rule.Rule{
	Name:     "host-cgroup",
	Summary:  "the container sees the control groups of the host",
	Severity: finding.Low,
	Gain:     "see the control groups of its neighbours",
	Doc:      hostCgroupDoc,
	Workload: checkHostCgroup,
}

func checkHostCgroup(p *rule.Pass, w *model.Workload) {
	if w.CgroupNS.Known() && w.CgroupNS.Value.Mode == "host" {
		p.Report(w.CgroupNS.Place(), "container shares the host's cgroup namespace",
			rule.Delete(w.CgroupNS, "use a cgroup namespace of its own"))
	}
}
