package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed missing_loader.txtar
var missingLoaderDoc string

var missingLoader = &rule.Rule{
	Name:     "missing-loader",
	Summary:  "the program of the image needs a loader or an interpreter that is not there",
	Severity: finding.High,
	Doc:      missingLoaderDoc,
	Image:    checkMissingLoader,
}

func checkMissingLoader(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	s := i.Contents.Start
	if s == nil || !s.NoInterpreter || s.Interpreter == "" {
		return
	}
	message := s.Program + " is dynamic and its loader " + s.Interpreter + " is not in the image, so it cannot start"
	if s.Script {
		message = s.Program + " is a script and its interpreter " + s.Interpreter + " is not in the image, so it cannot start"
	}
	p.Report(fileIn(i, s.Program), message)
}
