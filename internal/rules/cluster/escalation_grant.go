package cluster

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed escalation_grant.txtar
var escalationGrantDoc string

var escalationGrant = &rule.Rule{
	Name:     "escalation-grant",
	Summary:  "a role can give itself more rights",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0043",
		"trivy KSV-0050",
		"trivy KSV-0051",
		"trivy KSV-0052",
		"trivy KSV-0055",
		"trivy KSV-0114",
		"kics rbac_roles_allow_privilege_escalation",
		"kics rbac_roles_with_impersonate_permission",
		"kics permissive_access_to_create_pods",
		"checkov CKV_K8S_155-158",
		"kube-linter access-to-create-pods",
	},
	Gain:  "gain more rights in the cluster",
	Doc:   escalationGrantDoc,
	Grant: checkEscalationGrant,
}

func checkEscalationGrant(p *rule.Pass, g *model.Grant) {
	for _, r := range g.Rules {
		for _, name := range [...]string{"bind", "escalate", "impersonate"} {
			if verb, ok := find(r.Verbs, name); ok {
				p.Reportf(verb.Place(), "role allows to %s %s", name, names(r.Resources))
			}
		}
		for _, name := range [...]string{"serviceaccounts/token", "certificatesigningrequests/approval", "mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
			if resource, ok := find(r.Resources, name); ok {
				if verb, ok := oneOf(r.Verbs, "create", "update", "patch"); ok {
					p.Reportf(resource.Place(), "role allows to %s %s", verb.Value, name)
				}
			}
		}
		if pods, ok := find(r.Resources, "pods"); ok {
			if _, ok := oneOf(r.Verbs, "create"); ok {
				p.Reportf(pods.Place(), "role allows to create pods").Severity = finding.Medium
			}
		}
	}
}
