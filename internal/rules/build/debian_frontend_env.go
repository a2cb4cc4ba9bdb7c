package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed debian_frontend_env.txtar
var debianFrontendEnvDoc string

var debianFrontendEnv = &rule.Rule{
	Name:     "debian-frontend-env",
	Summary:  "a setting of the build is left to the programs of the container",
	Severity: finding.Info,
	Doc:      debianFrontendEnvDoc,
	Build:    checkDebianFrontendEnv,
}

func checkDebianFrontendEnv(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, shippedStage, "ENV") {
		for _, pair := range i.Pairs {
			if pair.Name != "DEBIAN_FRONTEND" || i.OnBuild {
				continue
			}
			fix := finding.Fix{Message: "make it an argument of the build"}
			if len(i.Pairs) == 1 && !pair.Legacy {
				fix = rule.Safe(finding.Fix{Message: fix.Message, Edits: replace(i.Keyword, sameCase(i.Keyword.Text(), "ARG"))})
			}
			p.Report(rule.At(pair.Key), "DEBIAN_FRONTEND stays set in the container", fix)
		}
	}
}
