package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed latest_tag.txtar
var latestTagDoc string

var latestTag = &rule.Rule{
	Name:     "latest-tag",
	Summary:  "an image is named by the tag latest, which moves",
	Severity: finding.Medium,
	Refs: []string{
		"hadolint DL3007",
		"trivy DS-0001",
		"trivy KSV-0013",
		"kics image_version_using_latest",
		"kics invalid_image",
		"checkov CKV_DOCKER_7",
		"checkov CKV_K8S_14",
		"dockle DKL-DI-0006",
		"kube-linter latest-tag",
		"CIS-Docker 5.28",
	},
	Doc:   latestTagDoc,
	Image: checkLatestTag,
}

func checkLatestTag(p *rule.Pass, i *model.Image) {
	ref := i.Ref.Value
	if !pulled(i) || ref.Tag != "latest" || ref.Digest != "" {
		return
	}
	f := p.Report(i.Ref.Place(), fmt.Sprintf("tag latest of %s moves to whatever is pushed next", ref.Familiar()))
	if !shipped(i) {
		f.Severity = finding.Low
	}
}
