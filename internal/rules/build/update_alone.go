package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed update_alone.txtar
var updateAloneDoc string

var updateAlone = &rule.Rule{
	Name:     "update-alone",
	Summary:  "package lists are fetched in another layer than the packages",
	Severity: finding.Medium,
	Refs:     []string{"trivy DS-0017", "kics update_instruction_alone", "checkov CKV_DOCKER_5", "dockle CIS-DI-0007", "CIS-Docker 4.7"},
	Doc:      updateAloneDoc,
	Build:    checkUpdateAlone,
}

func checkUpdateAlone(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		if k, ok := packageCall(c); ok && refreshes(k) && !usedBeside(k) {
			p.Report(rule.At(c.Span), k.tool+" "+k.verb+" is a layer of its own")
		}
	}
}

// refreshes reports whether k only fetches package lists.
func refreshes(k call) bool {
	switch k.family() {
	case "apt":
		return k.verb == "update" && !mounted(k.Run, "/var/lib/apt", "/var/lib/apt/lists")
	case "apk":
		return k.verb == "update" && !mounted(k.Run, "/var/cache/apk", "/etc/apk/cache")
	case "zypper":
		return (k.verb == "refresh" || k.verb == "ref") && !mounted(k.Run, "/var/cache/zypp")
	case "rpm":
		return k.verb == "makecache" || k.verb == "check-update"
	}
	return false
}

// usedBeside reports whether k's RUN also uses the lists, or runs a script that
// may.
func usedBeside(k call) bool {
	for _, s := range k.Run.Scripts {
		for _, c := range s.Commands {
			if strings.HasPrefix(c.Arg(0), "./") || strings.HasSuffix(c.Name, ".sh") || c.Name == "" && len(c.Words) > 0 || isShell(c.Name) || c.Name == "xargs" || c.Name == "add-apt-repository" {
				return true
			}
			if other, ok := packageCall(step{c, k.Run, s}); ok && other.family() == k.family() && other.verb != k.verb && !other.removes() && other.verb != "clean" {
				return true
			}
		}
	}
	return false
}
