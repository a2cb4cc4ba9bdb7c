package workload

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed selinux_options.txtar
var selinuxOptionsDoc string

var selinuxOptions = &rule.Rule{
	Name:     "selinux-options",
	Summary:  "a pod chooses an SELinux label that is not for containers",
	Severity: finding.Info,
	Refs:     []string{"PSS baseline"},
	Doc:      selinuxOptionsDoc,
	Workload: checkSelinuxOptions,
}

func checkSelinuxOptions(p *rule.Pass, w *model.Workload) {
	s := w.SELinux
	if w.Surface != model.Kube || !s.Known() || s.State != model.Set || s.Value == "default" {
		return
	}
	for part := range strings.SplitSeq(s.Value, ",") {
		name, value, _ := strings.Cut(part, ":")
		switch {
		case name == "level", name == "type" && confined(value):
		case name == "type" && uncaged(value): // selinux-off says it
		default:
			p.Report(s.Place(), fmt.Sprintf("pod chooses SELinux %s %s, which is not one of the container policy's", name, value))
		}
	}
}

// confined reports whether an SELinux type is one that container-selinux gives
// to confined containers.
func confined(kind string) bool {
	switch kind {
	case "container_t", "container_init_t", "container_kvm_t", "container_engine_t":
		return true
	}
	return false
}
