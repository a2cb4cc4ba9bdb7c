package workload

import (
	_ "embed"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed capabilities_kept.txtar
var capabilitiesKeptDoc string

var capabilitiesKept = &rule.Rule{
	Name:     "capabilities-kept",
	Summary:  "the container keeps the default capabilities",
	Severity: finding.Medium,
	Refs: []string{
		"trivy KSV-0003",
		"trivy KSV-0004",
		"trivy KSV-0106",
		"kics container_capabilities_unrestricted",
		"kics no_drop_capabilities_for_containers",
		"checkov CKV_K8S_37",
		"checkov CKV_K8S_28",
		"kube-linter drop-net-raw-capability",
		"CIS-Docker 5.4",
		"trivy KSV-0119",
		"kics net_raw_capabilities_not_being_dropped",
		"PSS restricted",
	},
	Gain:     "forge packets and change owners of files as root of the container",
	Doc:      capabilitiesKeptDoc,
	Workload: checkCapabilitiesKept,
}

func checkCapabilitiesKept(p *rule.Pass, w *model.Workload) {
	if !w.CapDrop.Known() || w.Privileged.Known() && w.Privileged.Value || lists(w.CapDrop, "ALL") || windows(w) {
		return
	}
	p.Report(w.CapDrop.Place(), "container keeps the default capabilities",
		rule.Add(w.CapDrop, "ALL", "drop all capabilities"))
}

// lists reports whether l holds the capability name.
func lists(l model.List[string], name string) bool {
	return slices.ContainsFunc(l.Items, func(f model.Fact[string]) bool { return f.Known() && f.Value == name })
}
