package cluster

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed cluster_admin_binding.txtar
var clusterAdminBindingDoc string

var clusterAdminBinding = &rule.Rule{
	Name:     "cluster-admin-binding",
	Summary:  "somebody is given all of the cluster",
	Severity: finding.Critical,
	Refs: []string{
		"trivy KSV-0111",
		"trivy KSV-0122",
		"trivy KSV-0123",
		"trivy KSV-01011",
		"kics cluster_admin_role_binding_with_super_user_permissions",
		"kube-linter cluster-admin-role-binding",
	},
	Gain:  "own the cluster with the pod's token",
	Prize: finding.Takeover,
	Doc:   clusterAdminBindingDoc,
	Grant: checkClusterAdminBinding,
}

func checkClusterAdminBinding(p *rule.Pass, g *model.Grant) {
	if g.Kind != "RoleBinding" && g.Kind != "ClusterRoleBinding" || !g.RoleRef.Known() {
		return
	}
	_, role, _ := strings.Cut(" "+g.RoleRef.Value, " ")
	role = role[strings.LastIndexAny(role, "/ ")+1:]
	for _, s := range g.Subjects {
		switch {
		case !s.Known():
		case strings.HasSuffix(s.Value, "system:anonymous"), strings.HasSuffix(s.Value, "system:unauthenticated"):
			p.Reportf(s.Place(), "role %s is given to everybody", role)
		case role == "cluster-admin":
			f := p.Reportf(s.Place(), "role cluster-admin is given to %s", s.Value)
			if g.Kind == "RoleBinding" { // of one namespace only
				f.Severity = finding.High
			}
		}
	}
}
