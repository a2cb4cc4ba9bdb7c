package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed untagged.txtar
var untaggedDoc string

var untagged = &rule.Rule{
	Name:     "untagged",
	Summary:  "an image is named without a tag or digest",
	Severity: finding.Medium,
	Refs: []string{
		"hadolint DL3006",
		"trivy DS-0001",
		"kics image_version_not_explicit",
		"kics invalid_image",
		"checkov CKV_DOCKER_7",
		"checkov CKV_K8S_14",
		"dockle DKL-DI-0006",
		"kube-linter latest-tag",
	},
	Doc:   untaggedDoc,
	Image: checkUntagged,
}

func checkUntagged(p *rule.Pass, i *model.Image) {
	ref := i.Ref.Value
	if !pulled(i) || ref.Tag != "" || ref.Digest != "" {
		return
	}
	f := p.Report(i.Ref.Place(), fmt.Sprintf("image %s has no tag, so it is latest, which moves", ref.Familiar()))
	if !shipped(i) {
		f.Severity = finding.Low
	}
}
