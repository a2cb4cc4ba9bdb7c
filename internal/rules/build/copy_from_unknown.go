package build

import (
	_ "embed"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/nearest"
	"bulkhead/internal/rule"
)

//go:embed copy_from_unknown.txtar
var copyFromUnknownDoc string

var copyFromUnknown = &rule.Rule{
	Name:     "copy-from-unknown",
	Summary:  "files are copied from a stage that does not exist",
	Severity: finding.Medium,
	Refs:     []string{"hadolint DL3022"},
	Doc:      copyFromUnknownDoc,
	Build:    checkCopyFromUnknown,
}

func checkCopyFromUnknown(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "COPY", "RUN") {
		if from := flag(i, "from"); from != nil && from.Value.Known() {
			reportUnknownStage(p, i, from.Value.Value, from.Value)
		}
		for _, m := range i.Mounts {
			if m.From != "" {
				reportUnknownStage(p, i, m.From, model.Word{Span: m.Span})
			}
		}
	}
}

func reportUnknownStage(p *rule.Pass, i *model.Instruction, name string, at model.Word) {
	if name == "" || strings.ContainsAny(name, "/.:@$") || name == "scratch" {
		return // an image, or not known
	}
	var known []string
	for _, s := range i.Stage.Build.Stages[:i.Stage.Index] {
		if strings.EqualFold(s.Name.Value, name) || strconv.Itoa(s.Index) == name {
			return
		}
		if s.Name.Value != "" {
			known = append(known, s.Name.Value)
		}
	}
	if strings.EqualFold(name, i.Stage.Name.Value) {
		return // see copy-from-itself
	}
	f := p.Reportf(at.Place(), "no stage before is called %s", name)
	f.Likely = true // it may be a named context, or an image
	if meant := nearest.Of(name, known); meant != "" && at.Edit != nil {
		f.Fixes = []finding.Fix{rule.Set(at, meant, "copy from stage "+meant)}
	}
}
