package workload

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed writable_host_mount.txtar
var writableHostMountDoc string

var writableHostMount = &rule.Rule{
	Name:     "writable-host-mount",
	Summary:  "a path of the host is mounted writable",
	Severity: finding.Low,
	Refs:     []string{"kube-linter writable-host-mount", "CIS-Docker 5.6"},
	Doc:      writableHostMountDoc,
	Workload: checkWritableHostMount,
}

func checkWritableHostMount(p *rule.Pass, w *model.Workload) {
	for _, m := range w.Mounts {
		hosts := hostPaths(m)
		if m.Kind != model.BindMount || len(hosts) == 0 || !m.ReadOnly.Known() || m.ReadOnly.Value {
			continue
		}
		host := hosts[0]
		if _, h := worst(m); h != nil || isEngineSocket(host) || holdsSocket(host) || strings.HasSuffix(host, ".sock") {
			continue
		}
		at := m.Place
		if m.ReadOnly.State == model.Set {
			at = m.ReadOnly.Place()
		}
		p.Report(at, "container can write to a path of the host mounted at "+m.Target.Value,
			rule.Set(m.ReadOnly, true, "mount it read-only"))
	}
}
