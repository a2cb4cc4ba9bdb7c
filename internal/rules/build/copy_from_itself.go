package build

import (
	_ "embed"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed copy_from_itself.txtar
var copyFromItselfDoc string

var copyFromItself = &rule.Rule{
	Name:     "copy-from-itself",
	Summary:  "a stage copies from itself",
	Severity: finding.Medium,
	Refs:     []string{"hadolint DL3023", "trivy DS-0006", "kics copy_from_references_current_from_alias"},
	Doc:      copyFromItselfDoc,
	Build:    checkCopyFromItself,
}

func checkCopyFromItself(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "COPY", "ADD") {
		from := flag(i, "from")
		if from == nil || !from.Value.Known() || i.Stage.Name.Value == "" {
			continue
		}
		if strings.EqualFold(from.Value.Value, i.Stage.Name.Value) || from.Value.Value == strconv.Itoa(i.Stage.Index) {
			p.Report(from.Value.Place(), "stage "+i.Stage.Name.Value+" copies from itself")
		}
	}
}
