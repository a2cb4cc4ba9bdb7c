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

//go:generate go -C ../.. run ./internal/rules/gen

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

// A Group is the rules about one kind of subject.
type Group struct {
	Name  string // of the package, such as "workload"
	About string // what they judge, in a few words
	Rules []*rule.Rule
}

// Groups returns every rule once, in the order pages list them.
func Groups() []Group {
	return []Group{
		{"workload", "containers as they are run", workload.All},
		{"app", "secrets and what else a program is given", app.All},
		{"image", "images that containers are built on and run", image.All},
		{"build", "how an image is put together", build.All},
		{"network", "networks of containers", network.All},
		{"host", "the engine and its configuration", host.All},
		{"cluster", "what Kubernetes roles allow", cluster.All},
		{"syntax", "what cannot be read", []*rule.Rule{syntax}},
	}
}

// All returns every rule, by name.
func All() []*rule.Rule {
	var all []*rule.Rule
	for _, g := range Groups() {
		all = append(all, g.Rules...)
	}
	slices.SortFunc(all, func(a, b *rule.Rule) int { return cmp.Compare(a.Name, b.Name) })
	return all
}
