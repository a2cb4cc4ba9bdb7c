package image

import (
	_ "embed"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed stale_image.txtar
var staleImageDoc string

var staleImage = &rule.Rule{
	Name:     "stale-image",
	Summary:  "the image was made long ago and has none of the fixes since",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 4.4"},
	Gain:     "use flaws that were cured after the image was made",
	Doc:      staleImageDoc,
	Image:    checkStaleImage,
}

// staleAfter is how many days an image is taken for fresh.
const staleAfter = 180

// checkStaleImage judges images that were looked into. Builds that are meant to
// be reproducible write a time before there was Docker.
func checkStaleImage(p *rule.Pass, i *model.Image) {
	if i.Contents == nil || i.Config == nil || i.Config.Created.Year() < 2014 {
		return
	}
	if made := i.Config.Created; made.AddDate(0, 0, staleAfter).Before(p.Site.Now) {
		p.Reportf(model.Place{Path: i.Called() + ": Created"}, "the image was made on %s, more than %d days ago", made.Format(time.DateOnly), staleAfter)
	}
}
