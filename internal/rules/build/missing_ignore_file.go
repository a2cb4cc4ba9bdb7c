package build

import (
	_ "embed"
	"path"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed missing_ignore_file.txtar
var missingIgnoreFileDoc string

var missingIgnoreFile = &rule.Rule{
	Name:     "missing-ignore-file",
	Summary:  "all of the build context is copied and nothing is left out",
	Severity: finding.Medium,
	Doc:      missingIgnoreFileDoc,
	Build:    checkMissingIgnoreFile,
}

func checkMissingIgnoreFile(p *rule.Pass, b *model.Build) {
	if b.Ignore == nil || b.Ignore.File != nil {
		return // the context is not known, or something is left out
	}
	for i := range instructions(b, neededStage, "COPY", "ADD") {
		if flag(i, "from") != nil || len(i.Words) < 2 || i.OnBuild {
			continue
		}
		for _, w := range i.Words[:len(i.Words)-1] {
			if w.Known() && (path.Clean(w.Value) == "." || w.Value == "/" || w.Value == "*" || w.Value == "./*") {
				p.Report(w.Place(), "the whole build context is copied and no .dockerignore leaves anything out")
				return
			}
		}
	}
}
