package build

import (
	_ "embed"
	"path"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed copy_whole_stage.txtar
var copyWholeStageDoc string

var copyWholeStage = &rule.Rule{
	Name:     "copy-whole-stage",
	Summary:  "all of another stage is copied",
	Severity: finding.Medium,
	Refs:     []string{"hadolint DL3067"},
	Doc:      copyWholeStageDoc,
	Build:    checkCopyWholeStage,
}

func checkCopyWholeStage(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, neededStage, "COPY") {
		n := len(i.Words)
		if flag(i, "from") == nil || n < 2 || path.Clean("/"+i.Words[n-1].Value) != "/" || i.Stage.Scratch && len(i.Stage.Instructions) < 3 {
			continue
		}
		for _, w := range i.Words[:n-1] {
			if w.Known() && (w.Value == "/" || w.Value == "/." || w.Value == "/*") {
				p.Report(w.Place(), "all files of stage "+flag(i, "from").Value.Value+" are copied")
			}
		}
	}
}
