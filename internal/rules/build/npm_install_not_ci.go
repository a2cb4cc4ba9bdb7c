package build

import (
	_ "embed"
	"path"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed npm_install_not_ci.txtar
var npmInstallNotCIDoc string

var npmInstallNotCI = &rule.Rule{
	Name:     "npm-install-not-ci",
	Summary:  "npm may change the locked versions while it installs them",
	Severity: finding.Low,
	Doc:      npmInstallNotCIDoc,
	Build:    checkNPMInstallNotCI,
}

func checkNPMInstallNotCI(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		k, ok := packageCall(c)
		if !ok || k.tool != "npm" || !k.installs() || k.verb == "add" || len(k.operands) > 0 || k.open ||
			k.has("-g", "--global", "--package-lock-only") || !lockCopied(c.Run) {
			continue
		}
		w := c.Words[k.at]
		p.Report(w.Place(), "npm install is used with a lock file",
			rule.Set(w, "ci", "install exactly what is locked"))
	}
}

// lockCopied reports whether an instruction before run copies npm's lock file
// by name.
func lockCopied(run *model.Instruction) bool {
	for _, i := range run.Stage.Instructions {
		if i == run {
			break
		}
		if i.Name != "COPY" && i.Name != "ADD" || len(i.Words) < 2 {
			continue
		}
		for _, w := range i.Words[:len(i.Words)-1] {
			switch path.Base(w.Value) {
			case "package-lock.json", "package*.json", "package-*.json", "npm-shrinkwrap.json":
				return true
			}
		}
	}
	return false
}
