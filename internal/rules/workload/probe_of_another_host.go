package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed probe_of_another_host.txtar
var probeOfAnotherHostDoc string

var probeOfAnotherHost = &rule.Rule{
	Name:     "probe-of-another-host",
	Summary:  "a probe or hook names a host",
	Severity: finding.Low,
	Refs:     []string{"PSS baseline"},
	Doc:      probeOfAnotherHostDoc,
	Workload: checkProbeOfAnotherHost,
}

func checkProbeOfAnotherHost(p *rule.Pass, w *model.Workload) {
	for _, h := range w.ProbeHosts {
		if h.Known() {
			p.Report(h.Place(), fmt.Sprintf("the kubelet is told to ask %s instead of the pod", h.Value), rule.Delete(h, "ask the pod"))
		}
	}
}
