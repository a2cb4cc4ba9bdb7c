package build

import (
	_ "embed"
	"path"
	"strconv"
	"strings"

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
		if flag(i, "from") == nil || n < 2 || path.Clean("/"+i.Words[n-1].Value) != "/" || i.Stage.Scratch || made(copiedFrom(i)) {
			continue
		}
		for _, w := range i.Words[:n-1] {
			if w.Known() && (w.Value == "/" || w.Value == "/." || w.Value == "/*") {
				p.Report(w.Place(), "all files of stage "+flag(i, "from").Value.Value+" are copied")
			}
		}
	}
}

// made reports whether s, which may be nil, holds nothing but what was put
// there to be copied: it begins empty, or is an image nothing is added to.
func made(s *model.Stage) bool {
	return s != nil && (s.Scratch || len(s.Instructions) == 1 && s.Parent == nil)
}

// copiedFrom returns the stage that i copies from, nil where it is an image or not
// known.
func copiedFrom(i *model.Instruction) *model.Stage {
	name := flag(i, "from").Value.Value
	for _, s := range i.Stage.Build.Stages[:i.Stage.Index] {
		if name == strconv.Itoa(s.Index) || s.Name.Value != "" && strings.EqualFold(name, s.Name.Value) {
			return s
		}
	}
	return nil
}
