package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed apt_not_apt_get.txtar
var aptNotAptGetDoc string

var aptNotAptGet = &rule.Rule{
	Name:     "apt-not-apt-get",
	Summary:  "a script uses a command meant for people",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL3027", "kics run_using_apt", "checkov CKV_DOCKER_9"},
	Doc:      aptNotAptGetDoc,
	Build:    checkAptNotAptGet,
}

func checkAptNotAptGet(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		k, ok := packageCall(c)
		if !ok || k.tool != "apt" {
			continue
		}
		fix := finding.Fix{Message: "use apt-get"}
		switch k.verb {
		case "install", "update", "upgrade", "remove", "purge", "autoremove", "clean", "autoclean", "build-dep":
			w := c.Words[0]
			fix = rule.Safe(rule.Set(w, w.Value+"-get", "use apt-get"))
		}
		p.Report(c.Words[0].Place(), "apt is used in a script", fix)
	}
}
