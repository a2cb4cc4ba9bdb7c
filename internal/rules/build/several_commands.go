package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed several_commands.txtar
var severalCommandsDoc string

var severalCommands = &rule.Rule{
	Name:     "several-commands",
	Summary:  "only the last of several instructions counts",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3012", "hadolint DL4003", "hadolint DL4004", "trivy DS-0007", "trivy DS-0016", "trivy DS-0023", "kics multiple_cmd_instructions_listed", "kics multiple_entrypoint_instructions_listed", "buildkit MultipleInstructionsDisallowed"},
	Doc:      severalCommandsDoc,
	Build:    checkSeveralCommands,
}

func checkSeveralCommands(p *rule.Pass, b *model.Build) {
	for _, s := range b.Stages {
		for n, i := range s.Instructions {
			if i.OnBuild || i.Name != "CMD" && i.Name != "ENTRYPOINT" && i.Name != "HEALTHCHECK" {
				continue
			}
			if repeatedAfter(s.Instructions[n+1:], i.Name) {
				p.Report(rule.At(i.Span), i.Name+" is replaced by a later one",
					rule.Safe(rule.Do(i.Delete, "delete it")))
			}
		}
	}
}

func repeatedAfter(rest []*model.Instruction, name string) bool {
	for _, i := range rest {
		if i.Name == name && !i.OnBuild {
			return true
		}
	}
	return false
}
