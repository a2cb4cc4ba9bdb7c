package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed missing_entrypoint.txtar
var missingEntrypointDoc string

var missingEntrypoint = &rule.Rule{
	Name:     "missing-entrypoint",
	Summary:  "the program the image is configured to run is not in it",
	Severity: finding.High,
	Doc:      missingEntrypointDoc,
	Image:    checkMissingEntrypoint,
}

func checkMissingEntrypoint(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	if s := i.Contents.Start; s != nil && s.Missing {
		p.Reportf(model.Place{Path: i.Called() + ": Config"}, "the image runs %s, which is not in it", s.Program)
	}
}
