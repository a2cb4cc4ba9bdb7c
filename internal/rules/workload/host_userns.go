package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed host_userns.txtar
var hostUsernsDoc string

var hostUserns = &rule.Rule{
	Name:     "host-userns",
	Summary:  "the container is exempt from user namespace remapping",
	Severity: finding.Medium,
	Refs:     []string{"kics shared_host_user_namespace", "CIS-Docker 5.31"},
	Gain:     "act as the host's uid 0 in spite of remapping",
	Doc:      hostUsernsDoc,
	Workload: checkHostUserns,
}

func checkHostUserns(p *rule.Pass, w *model.Workload) {
	if u := w.UserNS; u.State != model.Set || u.Value.Mode != "host" {
		return
	}
	fix := rule.Delete(w.UserNS, "use a user namespace of its own")
	if w.Surface == model.Kube { // the host's is the default of a pod
		fix = rule.Set(w.UserNS, model.Namespace{}, "use a user namespace of its own")
	}
	p.Report(w.UserNS.Place(), "container uses the host's user namespace: remapping is off for it", fix)
}
