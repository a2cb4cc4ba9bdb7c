package cluster

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed wildcard_grant.txtar
var wildcardGrantDoc string

var wildcardGrant = &rule.Rule{
	Name:     "wildcard-grant",
	Summary:  "a role allows everything of a kind",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0044",
		"trivy KSV-0045",
		"trivy KSV-0046",
		"trivy KSV-0112",
		"kics rbac_wildcard_in_rule",
		"checkov CKV_K8S_49",
		"kube-linter wildcard-in-rules",
	},
	Gain:  "do with the pod's token whatever the star stands for",
	Doc:   wildcardGrantDoc,
	Grant: checkWildcardGrant,
}

func checkWildcardGrant(p *rule.Pass, g *model.Grant) {
	for _, r := range g.Rules {
		verb, anyVerb := find(r.Verbs, "*")
		resource, anyResource := find(r.Resources, "*")
		switch {
		case anyVerb && anyResource:
			f := p.Reportf(verb.Place(), "role allows every verb on every resource")
			if g.Kind == "ClusterRole" {
				f.Severity = finding.Critical
			}
		case anyVerb:
			p.Reportf(verb.Place(), "role allows every verb on %s", names(r.Resources)).Severity = finding.Medium
		case anyResource:
			p.Reportf(resource.Place(), "role allows to %s every resource", names(r.Verbs))
		}
	}
}

// find returns the one of words that is known to be word.
func find(words []model.Fact[string], word string) (model.Fact[string], bool) {
	for _, w := range words {
		if w.Known() && strings.EqualFold(w.Value, word) {
			return w, true
		}
	}
	return model.Fact[string]{}, false
}

// names returns words as a list people read.
func names(words []model.Fact[string]) string {
	var out []string
	for _, w := range words {
		if w.Known() {
			out = append(out, w.Value)
		}
	}
	return strings.Join(out, ", ")
}
