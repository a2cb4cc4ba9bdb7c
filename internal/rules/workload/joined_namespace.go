package workload

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed joined_namespace.txtar
var joinedNamespaceDoc string

var joinedNamespace = &rule.Rule{
	Name:     "joined-namespace",
	Summary:  "the container joins a container that uses a namespace of the host",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0010",
		"kics host_namespace_is_shared",
		"kics shared_host_pid_namespace",
		"checkov CKV_K8S_17",
		"kube-linter host-pid",
		"CIS-Docker 5.16",
	},
	Gain:     "use a namespace of the host through another container",
	Doc:      joinedNamespaceDoc,
	Workload: checkJoinedNamespace,
}

func checkJoinedNamespace(p *rule.Pass, w *model.Workload) {
	report := func(kind string, ns model.Fact[model.Namespace]) {
		if v := ns.Value; ns.Known() && v.Host && (v.Mode == "container" || v.Mode == "service") {
			p.Report(ns.Place(), fmt.Sprintf("container shares the %s namespace of %s, which is the host's", kind, nameOf(p.System, v.Target)),
				rule.Delete(ns, fmt.Sprintf("use a %s namespace of its own", kind)))
		}
	}
	report("PID", w.PID)
	report("IPC", w.IPC)
	report("network", w.Network)
}

// nameOf returns the name of the container that target, a name or an id,
// means.
func nameOf(s *model.System, target string) string {
	const short = 12 // characters of an id that the engine prints
	for _, w := range s.Workloads {
		if len(target) >= short && strings.HasPrefix(w.Engine, target) {
			return w.Name
		}
	}
	return target
}
