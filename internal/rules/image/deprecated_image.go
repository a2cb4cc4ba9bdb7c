package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/catalog"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed deprecated_image.txtar
var deprecatedImageDoc string

var deprecatedImage = &rule.Rule{
	Name:     "deprecated-image",
	Summary:  "an image has been given up by its publisher",
	Severity: finding.Medium,
	Refs:     []string{"dockle CIS-DI-0004", "CIS-Docker 4.2"},
	Gain:     "use flaws that will never be fixed",
	Doc:      deprecatedImageDoc,
	Image:    checkDeprecatedImage,
}

func checkDeprecatedImage(p *rule.Pass, i *model.Image) {
	s, ok := catalog.Deprecated(i.Ref.Value)
	if !pulled(i) || !ok {
		return
	}
	message := fmt.Sprintf("image %s %s", i.Ref.Value.Familiar(), s.Why)
	if s.Use != "" {
		message += "; use " + s.Use
	}
	if f := p.Report(i.Ref.Place(), message); !shipped(i) {
		f.Severity = finding.Low
	}
}
