package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed deprecated_maintainer.txtar
var deprecatedMaintainerDoc string

var deprecatedMaintainer = &rule.Rule{
	Name:     "deprecated-maintainer",
	Summary:  "MAINTAINER is going away",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL4000", "trivy DS-0022", "kics maintainer_instruction_being_used", "checkov CKV_DOCKER_6", "buildkit MaintainerDeprecated"},
	Doc:      deprecatedMaintainerDoc,
	Build:    checkDeprecatedMaintainer,
}

func checkDeprecatedMaintainer(p *rule.Pass, b *model.Build) {
	for _, i := range b.Instructions {
		if i.Name != "MAINTAINER" {
			continue
		}
		fix := finding.Fix{Message: "use a label"}
		name := strings.TrimSpace(strings.TrimPrefix(i.Span.Text(), i.Keyword.Text()))
		if name != "" && !strings.Contains(name, "\n") && !i.OnBuild && i.Stage != nil {
			fix.Edits = replace(i.Span, sameCase(i.Keyword.Text(), "LABEL")+" org.opencontainers.image.authors="+quote(name))
		}
		p.Report(rule.At(i.Keyword), "MAINTAINER is deprecated", rule.Safe(fix))
	}
}

// quote returns value as a label's value that expands nothing.
func quote(value string) string {
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value) + `"`
}
