package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed duplicate_stage.txtar
var duplicateStageDoc string

var duplicateStage = &rule.Rule{
	Name:     "duplicate-stage",
	Summary:  "two stages have one name",
	Severity: finding.Medium,
	Refs:     []string{"hadolint DL3024", "trivy DS-0012", "kics same_alias_in_different_froms", "checkov CKV_DOCKER_11", "buildkit DuplicateStageName"},
	Doc:      duplicateStageDoc,
	Build:    checkDuplicateStage,
}

func checkDuplicateStage(p *rule.Pass, b *model.Build) {
	for n, s := range b.Stages {
		if s.Name.Value == "" {
			continue
		}
		for _, before := range b.Stages[:n] {
			if strings.EqualFold(before.Name.Value, s.Name.Value) {
				p.Reportf(s.Name.Place(), "stage name %s is used before", s.Name.Value).
					Related = []finding.Related{{Span: before.Name.Span, Message: "used here before"}}
				break
			}
		}
	}
}
