package workload

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed writable_root.txtar
var writableRootDoc string

var writableRoot = &rule.Rule{
	Name:     "writable-root",
	Summary:  "the container can write to its root file system",
	Severity: finding.Medium,
	Refs: []string{
		"trivy KSV-0014",
		"kics root_container_not_mounted_as_read_only",
		"checkov CKV_K8S_22",
		"kube-linter no-read-only-root-fs",
		"CIS-Docker 5.13",
	},
	Gain:     "change the programs and libraries the container runs",
	Doc:      writableRootDoc,
	Workload: checkWritableRoot,
}

func checkWritableRoot(p *rule.Pass, w *model.Workload) {
	if w.ReadOnlyRoot.Known() && !w.ReadOnlyRoot.Value && !windows(w) {
		p.Report(w.ReadOnlyRoot.Place(), "container can write to its root file system",
			rule.Set(w.ReadOnlyRoot, true, "mount the root file system read-only"))
	}
}
