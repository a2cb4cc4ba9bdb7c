package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed relative_workdir.txtar
var relativeWorkdirDoc string

var relativeWorkdir = &rule.Rule{
	Name:     "relative-workdir",
	Summary:  "a relative WORKDIR depends on what the base says",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3000", "trivy DS-0009", "kics workdir_path_not_absolute", "checkov CKV_DOCKER_10", "buildkit WorkdirRelativePath"},
	Doc:      relativeWorkdirDoc,
	Build:    checkRelativeWorkdir,
}

func checkRelativeWorkdir(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "WORKDIR") {
		if len(i.Words) != 1 {
			continue
		}
		w := i.Words[0]
		if !w.Known() || w.Value == "" || absolute(w.Value) || absoluteBefore(i) {
			continue
		}
		p.Report(w.Place(), "WORKDIR "+w.Value+" is relative to that of the base",
			rule.Set(w, "/"+strings.TrimPrefix(w.Value, "./"), "make it absolute"))
	}
}

// absolute reports whether dir is an absolute path of Unix or Windows.
func absolute(dir string) bool {
	return dir[0] == '/' || dir[0] == '\\' || len(dir) > 1 && dir[1] == ':'
}

// absoluteBefore reports whether i's stage, or one it is built on, sets an
// absolute working directory before i.
func absoluteBefore(i *model.Instruction) bool {
	stage := i.Stage
	for range stage.Build.Stages {
		for _, before := range stage.Instructions {
			if before == i {
				break
			}
			if before.Name != "WORKDIR" || before.OnBuild || len(before.Words) != 1 {
				continue
			}
			if w := before.Words[0]; !w.Known() || w.Value != "" && absolute(w.Value) {
				return true
			}
		}
		if stage = stage.Parent; stage == nil {
			break
		}
	}
	return false
}
