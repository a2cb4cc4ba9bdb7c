package workload

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed selinux_off.txtar
var selinuxOffDoc string

var selinuxOff = &rule.Rule{
	Name:     "selinux-off",
	Summary:  "SELinux does not separate the container",
	Severity: finding.Medium,
	Refs:     []string{"trivy KSV-0025", "CIS-Docker 5.3", "PSS baseline", "CIS-Docker 5.3"},
	Gain:     "touch files of the host and of other containers once it is out of its file system",
	Doc:      selinuxOffDoc,
	Workload: checkSelinuxOff,
}

func checkSelinuxOff(p *rule.Pass, w *model.Workload) {
	s := w.SELinux
	if !s.Known() || s.State != model.Set {
		return
	}
	if s.Value == "disable" || uncaged(s.Value) {
		p.Report(s.Place(), "container runs without SELinux separation", rule.Delete(s, "use the default SELinux label"))
	}
}

// uncaged reports whether an SELinux label is of a type that may do everything.
func uncaged(label string) bool {
	return strings.Contains(label, "spc_t") || strings.Contains(label, "unconfined_t")
}
