package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/catalog"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed larger_base.txtar
var largerBaseDoc string

var largerBase = &rule.Rule{
	Name:     "larger-base",
	Summary:  "the image is built on a variant with build tools, and there is one without",
	Severity: finding.Info,
	Refs:     []string{"CIS-Docker 4.3"},
	Doc:      largerBaseDoc,
	Image:    checkLargerBase,
}

func checkLargerBase(p *rule.Pass, i *model.Image) {
	ref := i.Ref.Value
	if i.Use != model.BaseImage || !pulled(i) || !shipped(i) {
		return
	}
	if tag, ok := catalog.Slim(ref); ok {
		p.Report(i.Ref.Place(), fmt.Sprintf("%s:%s brings compilers and version control; %s is the same release without, %s", ref.Familiar(), ref.Tag, tag, source()))
	}
}
