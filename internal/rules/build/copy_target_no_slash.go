package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed copy_target_no_slash.txtar
var copyTargetNoSlashDoc string

var copyTargetNoSlash = &rule.Rule{
	Name:     "copy-target-no-slash",
	Summary:  "several files are copied to what may be one file",
	Severity: finding.Medium,
	Refs:     []string{"hadolint DL3021", "trivy DS-0011", "kics copy_with_more_than_two_arguments_not_ending_with_slash"},
	Doc:      copyTargetNoSlashDoc,
	Build:    checkCopyTargetNoSlash,
}

func checkCopyTargetNoSlash(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "COPY", "ADD") {
		n := len(i.Words)
		if n < 3 {
			continue
		}
		w := i.Words[n-1]
		if !w.Known() || w.Value == "" || strings.HasSuffix(w.Value, "/") || strings.HasSuffix(w.Value, `\`) || w.Value == "." || w.Value == ".." || strings.HasSuffix(w.Value, "/.") {
			continue
		}
		p.Report(w.Place(), "target of several files does not end with a slash",
			rule.Safe(rule.Set(w, w.Value+"/", "end it with a slash")))
	}
}
