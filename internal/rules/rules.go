// Package rules lists every rule.
package rules

import (
	"cmp"
	_ "embed"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/rule"
	"bulkhead/internal/rules/app"
	"bulkhead/internal/rules/build"
	"bulkhead/internal/rules/cluster"
	"bulkhead/internal/rules/host"
	"bulkhead/internal/rules/image"
	"bulkhead/internal/rules/network"
	"bulkhead/internal/rules/workload"
)

//go:embed syntax.txtar
var syntaxDoc string

// syntax has no function: what cannot be read has no facts, so package check
// reports it.
var syntax = &rule.Rule{
	Name:     rule.Syntax,
	Summary:  "an artifact, or a part of it, cannot be read",
	Severity: finding.High,
	Refs:     []string{"hadolint DL1000", "hadolint DL3061", "buildkit parse-error"},
	Doc:      syntaxDoc,
}

// All returns every rule, by name.
func All() []*rule.Rule {
	all := slices.Concat(app.All, build.All, cluster.All, host.All, image.All, network.All, workload.All, []*rule.Rule{syntax})
	slices.SortFunc(all, func(a, b *rule.Rule) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
