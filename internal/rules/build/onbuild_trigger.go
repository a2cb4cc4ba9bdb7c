package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed onbuild_trigger.txtar
var onbuildTriggerDoc string

var onbuildTrigger = &rule.Rule{
	Name:     "onbuild-trigger",
	Summary:  "an instruction runs in the builds of others",
	Severity: finding.Info,
	Doc:      onbuildTriggerDoc,
	Build:    checkOnbuildTrigger,
}

func checkOnbuildTrigger(p *rule.Pass, b *model.Build) {
	for _, s := range b.Stages {
		if !shippedStage(s) {
			continue
		}
		for _, i := range s.Instructions {
			if i.OnBuild {
				p.Report(rule.At(i.Span), "ONBUILD "+i.Name+" runs in builds on top of the image")
			}
		}
	}
}
