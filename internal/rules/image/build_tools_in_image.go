package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed build_tools_in_image.txtar
var buildToolsInImageDoc string

var buildToolsInImage = &rule.Rule{
	Name:     "build-tools-in-image",
	Summary:  "compilers and version control are in the image",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 4.3"},
	Gain:     "build and fetch programs inside the container",
	Doc:      buildToolsInImageDoc,
	Image:    checkBuildToolsInImage,
}

func checkBuildToolsInImage(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	reportPrograms(p, i, model.BuildTool, "build tools are in the image: ")
}
