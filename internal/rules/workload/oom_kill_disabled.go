package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed oom_kill_disabled.txtar
var oomKillDisabledDoc string

var oomKillDisabled = &rule.Rule{
	Name:     "oom-kill-disabled",
	Summary:  "the kernel may not stop the container when memory runs out",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 5.11"},
	Doc:      oomKillDisabledDoc,
	Workload: checkOomKillDisabled,
}

func checkOomKillDisabled(p *rule.Pass, w *model.Workload) {
	if !w.OOMKillDisable.Known() || !w.OOMKillDisable.Value {
		return
	}
	f := p.Report(w.OOMKillDisable.Place(), "the out-of-memory killer is disabled",
		rule.Set(w.OOMKillDisable, false, "let the kernel stop it"))
	if w.Memory.Known() && w.Memory.Value <= 0 {
		f.Severity = finding.High
	}
}
