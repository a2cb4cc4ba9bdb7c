package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed package_manager_left.txtar
var packageManagerLeftDoc string

var packageManagerLeft = &rule.Rule{
	Name:     "package-manager-left",
	Summary:  "a package manager is in the image",
	Severity: finding.Info,
	Refs:     []string{"CIS-Docker 4.3"},
	Doc:      packageManagerLeftDoc,
	Image:    checkPackageManagerLeft,
}

func checkPackageManagerLeft(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	reportPrograms(p, i, model.PackageManager, "package managers are in the image: ")
}

// reportPrograms reports the programs of one kind in one finding.
func reportPrograms(p *rule.Pass, i *model.Image, kind model.ProgramKind, message string) {
	var names []string
	var first model.Program
	for _, x := range i.Contents.Programs {
		if x.Kind != kind {
			continue
		}
		if first.File == "" {
			first = x
		}
		names = append(names, x.Name)
	}
	if len(names) > 0 {
		trace(p.Report(fileIn(i, first.File), message+few(names)), i, first.Layer)
	}
}
