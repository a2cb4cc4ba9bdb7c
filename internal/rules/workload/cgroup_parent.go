package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed cgroup_parent.txtar
var cgroupParentDoc string

var cgroupParent = &rule.Rule{
	Name:     "cgroup-parent",
	Summary:  "the container is put under a control group of its own choice",
	Severity: finding.Low,
	Refs:     []string{"kics cgroup_not_default", "CIS-Docker 5.25"},
	Doc:      cgroupParentDoc,
	Workload: checkCgroupParent,
}

func checkCgroupParent(p *rule.Pass, w *model.Workload) {
	c := w.CgroupParent
	if !c.Known() {
		return
	}
	switch c.Value {
	case "", "user.slice", "machine.slice", "libpod_parent": // Podman's own
	default:
		p.Report(c.Place(), fmt.Sprintf("cgroup parent is %s", c.Value), rule.Delete(c, "use the engine's cgroup parent"))
	}
}
