package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed dist_upgrade.txtar
var distUpgradeDoc string

var distUpgrade = &rule.Rule{
	Name:     "dist-upgrade",
	Summary:  "the distribution is upgraded inside the build",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL3035", "trivy DS-0024", "dockle DKL-DI-0003"},
	Doc:      distUpgradeDoc,
	Build:    checkDistUpgrade,
}

func checkDistUpgrade(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		k, ok := packageCall(c)
		if !ok {
			continue
		}
		switch k.verb {
		case "dist-upgrade", "full-upgrade", "dup", "system-upgrade", "distro-sync":
			p.Report(c.Words[k.at].Place(), k.tool+" "+k.verb+" upgrades the distribution in the build")
		}
	}
}
