package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed package_lists_in_image.txtar
var packageListsInImageDoc string

var packageListsInImage = &rule.Rule{
	Name:     "package-lists-in-image",
	Summary:  "the image carries what a package manager keeps for the next time",
	Severity: finding.Info,
	Refs:     []string{"dockle DKL-DI-0004", "dockle DKL-DI-0005"},
	Doc:      packageListsInImageDoc,
	Image:    checkPackageListsInImage,
}

func checkPackageListsInImage(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	const mega = 1 << 20
	for _, l := range i.Contents.Leftovers {
		if l.Size < mega {
			continue
		}
		message := fmt.Sprintf("%s in /%s: %d MB", l.What, l.Folder, (l.Size+mega/2)/mega)
		if l.Deleted {
			message += "; a later layer deletes it, which makes the image no smaller"
		}
		trace(p.Report(fileIn(i, l.Folder), message+by(i, l.Layer)), i, l.Layer)
	}
}
