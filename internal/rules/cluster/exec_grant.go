package cluster

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed exec_grant.txtar
var execGrantDoc string

var execGrant = &rule.Rule{
	Name:     "exec-grant",
	Summary:  "a role may run commands in other pods",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0053",
		"trivy KSV-0054",
		"trivy KSV-0047",
		"kics rbac_roles_with_exec_permission",
		"kics attach",
		"kics portforwarding",
		"checkov CKV2_K8S_",
	},
	Gain:  "run commands in other pods of the cluster",
	Doc:   execGrantDoc,
	Grant: checkExecGrant,
}

func checkExecGrant(p *rule.Pass, g *model.Grant) {
	for _, r := range g.Rules {
		for _, name := range [...]string{"pods/exec", "pods/attach", "pods/portforward", "nodes/proxy"} {
			resource, ok := find(r.Resources, name)
			if !ok {
				continue
			}
			if _, ok := oneOf(r.Verbs, "create", "get", "*"); ok {
				p.Reportf(resource.Place(), "role allows to use %s", name)
			}
		}
	}
}
