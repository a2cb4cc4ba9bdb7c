package cluster

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed secrets_grant.txtar
var secretsGrantDoc string

var secretsGrant = &rule.Rule{
	Name:     "secrets-grant",
	Summary:  "a role may read secrets",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0041",
		"trivy KSV-0113",
		"kics rbac_roles_with_read_secrets_permissions",
		"checkov CKV2_K8S_",
		"kube-linter access-to-secrets",
	},
	Gain:  "read the passwords and tokens of other programs",
	Prize: finding.Secrets,
	Doc:   secretsGrantDoc,
	Grant: checkSecretsGrant,
}

func checkSecretsGrant(p *rule.Pass, g *model.Grant) {
	for _, r := range g.Rules {
		secret, ok := find(r.Resources, "secrets")
		if !ok {
			continue
		}
		if verb, ok := oneOf(r.Verbs, "get", "list", "watch", "*"); ok {
			message := "role allows to " + verb.Value + " secrets"
			if verb.Value == "*" {
				message = "role allows every verb on secrets"
			}
			p.Report(secret.Place(), message)
		}
	}
}

// oneOf returns the first of words that is one of wanted.
func oneOf(words []model.Fact[string], wanted ...string) (model.Fact[string], bool) {
	for _, w := range wanted {
		if f, ok := find(words, w); ok {
			return f, true
		}
	}
	return model.Fact[string]{}, false
}
