package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed redundant_platform.txtar
var redundantPlatformDoc string

var redundantPlatform = &rule.Rule{
	Name:     "redundant-platform",
	Summary:  "FROM asks for the platform it would get",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL3065", "buildkit RedundantTargetPlatform"},
	Doc:      redundantPlatformDoc,
	Build:    checkRedundantPlatform,
}

func checkRedundantPlatform(p *rule.Pass, b *model.Build) {
	for _, s := range b.Stages {
		f := platformFlag(s)
		if f == nil {
			continue
		}
		if text := strings.Trim(f.Value.Span.Text(), `"`); text == "$TARGETPLATFORM" || text == "${TARGETPLATFORM}" {
			p.Report(f.Value.Place(), "FROM names the platform it is built for anyway",
				rule.Safe(rule.Do(f.Value.Delete, "leave the flag out")))
		}
	}
}
