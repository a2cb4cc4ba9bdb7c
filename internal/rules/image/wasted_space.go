package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed wasted_space.txtar
var wastedSpaceDoc string

var wastedSpace = &rule.Rule{
	Name:     "wasted-space",
	Summary:  "a layer carries files that later layers delete or replace",
	Severity: finding.Info,
	Refs:     []string{"dive wastedBytes"},
	Doc:      wastedSpaceDoc,
	Image:    checkWastedSpace,
}

func checkWastedSpace(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	const mega, worth = 1 << 20, 10 << 20
	for _, x := range i.Contents.Wasted {
		if x.Size < worth {
			continue
		}
		what := fmt.Sprintf("/%s", x.Largest)
		if x.Files > 1 {
			what = fmt.Sprintf("%d files, the largest /%s", x.Files, x.Largest)
		}
		message := fmt.Sprintf("%d MB that later layers delete or replace: %s", (x.Size+mega/2)/mega, what)
		trace(p.Report(fileIn(i, x.Largest), message+by(i, x.Layer)), i, x.Layer)
	}
}
