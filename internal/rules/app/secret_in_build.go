package app

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
)

//go:embed secret_in_build.txtar
var secretInBuildDoc string

var secretInBuild = &rule.Rule{
	Name:     "secret-in-build",
	Summary:  "a build is given a secret that its layers or its history keep",
	Severity: finding.Critical,
	Refs: []string{
		"hadolint DL3064",
		"trivy DS-0031",
		"dockle CIS-DI-0010",
		"buildkit SecretsUsedInArgOrEnv",
		"CIS-Docker 4.10",
	},
	Gain:  "use a secret that everybody who pulls the image can read",
	Prize: finding.Secrets,
	Doc:   secretInBuildDoc,
	Build: checkSecretInBuild,
}

func checkSecretInBuild(p *rule.Pass, b *model.Build) {
	for _, i := range b.Instructions {
		if i.Name != "ENV" && i.Name != "ARG" {
			continue
		}
		for _, pair := range i.Pairs {
			if !kept(b, pair) {
				judgePair(p, i, pair)
			}
		}
	}
}

// kept reports whether pair is a variable of the image that is made. It is in
// the environment of every container then, and secret-in-env's.
func kept(b *model.Build, pair model.Pair) bool {
	return b.Target != nil && slices.ContainsFunc(b.Target.Env, func(v model.Variable) bool {
		return v.Value.State == model.Set && v.Value.Span == pair.Value.Span
	})
}

func judgePair(p *rule.Pass, i *model.Instruction, pair model.Pair) {
	if pair.Value.State == model.Set {
		l := secret.Judge(pair.Name, pair.Value.Value)
		if l == nil || inherited(pair) {
			return
		}
		f := p.Report(pair.Value.Place(), fmt.Sprintf("%s %s holds %s (%s)", i.Name, pair.Name, l.Kind, l.Shown))
		f.Likely = f.Likely || !l.Certain
		weigh(f, i)
		return
	}
	if !secret.Named(pair.Name) {
		return
	}
	switch {
	case i.Name == "ARG" && pair.Value.State == model.Unset && i.Stage != nil:
		f := p.Report(rule.At(pair.Key), fmt.Sprintf("ARG %s is given a secret, which the image's history keeps", pair.Name))
		f.Severity = finding.High
		weigh(f, i)
	case i.Name == "ENV" && pair.Value.State == model.Unknown && strings.Contains(pair.Value.Span.Text(), "$"):
		f := p.Report(pair.Value.Place(), fmt.Sprintf("ENV %s is given a secret, which the image keeps", pair.Name))
		f.Severity = finding.High
		weigh(f, i)
	}
}

// inherited reports whether a pair's value is that of a variable defined
// elsewhere, where it is judged.
func inherited(pair model.Pair) bool {
	said := pair.Value.Span.Text()
	return strings.Contains(said, "$") && !strings.Contains(said, pair.Value.Value) && !strings.Contains(said, ":-")
}

// weigh lowers what does not end up in the image: a stage that is only copied
// from leaves its secrets in the build cache and in the build's provenance.
func weigh(f *finding.Finding, i *model.Instruction) {
	if !shipped(i.Stage) {
		f.Severity = finding.Medium
	}
}
