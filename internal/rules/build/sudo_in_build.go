package build

import (
	_ "embed"
	"path"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed sudo_in_build.txtar
var sudoInBuildDoc string

var sudoInBuild = &rule.Rule{
	Name:     "sudo-in-build",
	Summary:  "the build becomes root by sudo",
	Severity: finding.Medium,
	Refs:     []string{"hadolint DL3004", "trivy DS-0010", "kics run_using_sudo", "checkov CKV2_DOCKER_1", "dockle DKL-DI-0001"},
	Doc:      sudoInBuildDoc,
	Build:    checkSudoInBuild,
}

func checkSudoInBuild(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		for i, w := range c.Wrapper {
			if !w.Known() || path.Base(w.Value) != "sudo" {
				continue
			}
			fix := finding.Fix{Message: "run as the user the build runs as"}
			if c.Run.User.Known() && c.Run.User.Value.Root() && len(c.Words) > 0 && plainSudo(c.Wrapper[i+1:]) {
				fix.Edits = replace(between(w.Span, c.Words[0].Span), "")
			}
			p.Report(w.Place(), "the build uses sudo", fix)
		}
	}
}

// plainSudo reports whether the words after sudo are only flags that change
// nothing for root.
func plainSudo(words []model.Word) bool {
	for _, w := range words {
		if v := w.Value; !w.Known() || v != "-E" && v != "-H" && v != "-n" {
			return false
		}
	}
	return true
}
