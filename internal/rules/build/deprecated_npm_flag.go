package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed deprecated_npm_flag.txtar
var deprecatedNPMFlagDoc string

var deprecatedNPMFlag = &rule.Rule{
	Name:     "deprecated-npm-flag",
	Summary:  "npm leaves out development packages by a flag that is going away",
	Severity: finding.Info,
	Doc:      deprecatedNPMFlagDoc,
	Build:    checkDeprecatedNPMFlag,
}

func checkDeprecatedNPMFlag(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		if c.Name != "npm" {
			continue
		}
		for i := 1; i < len(c.Words); i++ {
			switch v := c.Arg(i); v {
			case "--only=production", "--only=prod", "--production":
				p.Report(c.Words[i].Place(), "npm flag "+v+" is deprecated",
					rule.Set(c.Words[i], "--omit=dev", "leave out development packages by --omit=dev"))
			}
		}
	}
}
