package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed reserved_stage_name.txtar
var reservedStageNameDoc string

var reservedStageName = &rule.Rule{
	Name:     "reserved-stage-name",
	Summary:  "a stage has a name that means something else",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3063", "buildkit ReservedStageName"},
	Doc:      reservedStageNameDoc,
	Build:    checkReservedStageName,
}

func checkReservedStageName(p *rule.Pass, b *model.Build) {
	for _, s := range b.Stages {
		if name := strings.ToLower(s.Name.Value); name == "scratch" || name == "context" {
			p.Reportf(s.Name.Place(), "stage name %s is reserved", s.Name.Value)
		}
	}
}
