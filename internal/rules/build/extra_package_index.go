package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed extra_package_index.txtar
var extraPackageIndexDoc string

var extraPackageIndex = &rule.Rule{
	Name:     "extra-package-index",
	Summary:  "packages come from whichever of several indexes has the higher version",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.11"},
	Doc:      extraPackageIndexDoc,
	Build:    checkExtraPackageIndex,
}

func checkExtraPackageIndex(p *rule.Pass, b *model.Build) {
	const message = "pip takes packages from several indexes"
	for c := range commands(b, everyStage) {
		if k, ok := packageCall(c); ok && (k.tool == "pip" || k.tool == "pipx") {
			if i := c.Flag("--extra-index-url"); i > 0 {
				p.Report(c.Words[i].Place(), message)
			}
		}
		for _, a := range c.Assigns {
			if a.Name == "PIP_EXTRA_INDEX_URL" {
				p.Report(rule.At(a.Key), message)
			}
		}
	}
	for i := range instructions(b, everyStage, "ENV", "ARG") {
		for _, pair := range i.Pairs {
			if pair.Name == "PIP_EXTRA_INDEX_URL" && pair.Value.State == model.Set && pair.Value.Value != "" {
				p.Report(rule.At(pair.Key), message)
			}
		}
	}
}
