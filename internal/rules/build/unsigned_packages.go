package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unsigned_packages.txtar
var unsignedPackagesDoc string

var unsignedPackages = &rule.Rule{
	Name:     "unsigned-packages",
	Summary:  "packages are installed without checking who signed them",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 4.11", "checkov CKV2_DOCKER_7", "checkov CKV2_DOCKER_8", "checkov CKV2_DOCKER_9", "checkov CKV2_DOCKER_10", "checkov CKV2_DOCKER_11"},
	Doc:      unsignedPackagesDoc,
	Build:    checkUnsignedPackages,
}

func checkUnsignedPackages(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		for i := 1; i < len(c.Words); i++ {
			if unsignedFlag(c.Command, i) {
				fix := finding.Fix{Message: "check signatures", Edits: deleteWords(c.Words[i])}
				if c.Arg(i) == "--force-yes" { // also answers yes
					fix = rule.Set(c.Words[i], "-y", fix.Message)
				}
				p.Report(c.Words[i].Place(), c.Name+" does not check signatures", fix)
				break
			}
			if unsignedSource(c.Arg(i)) {
				p.Report(c.Words[i].Place(), "packages of a source are trusted without a signature")
				break
			}
		}
	}
}

// unsignedFlag reports whether word i of c turns the check of signatures off.
func unsignedFlag(c *model.Command, i int) bool {
	v := c.Arg(i)
	if len(v) < 2 || v[0] != '-' {
		return false
	}
	switch tool, _ := toolOf(c); {
	case tool == "apk":
		return v == "--allow-untrusted"
	case family(tool) == "apt":
		return v == "--allow-unauthenticated" || v == "--force-yes" || v == "--allow-insecure-repositories" || v == "--no-allow-insecure-repositories=false"
	case family(tool) == "rpm":
		return v == "--nogpgcheck" || v == "--no-gpgchecks" || v == "--setopt=gpgcheck=0" || v == "--setopt=gpgcheck=false"
	case tool == "zypper":
		return v == "--no-gpg-checks" || v == "--allow-unsigned-rpm"
	}
	return c.Name == "rpm" && (v == "--nosignature" || v == "--nodigest")
}

// unsignedSource reports whether v is, or writes, a setting that trusts a
// package source without signatures.
func unsignedSource(v string) bool {
	if !strings.Contains(v, "=") && !strings.Contains(v, "::") {
		return false
	}
	return strings.Contains(v, "trusted=yes") && strings.Contains(v, "deb") ||
		strings.Contains(v, "gpgcheck=0") && !strings.Contains(v, "repo_gpgcheck=0") ||
		strings.Contains(v, "APT::Get::AllowUnauthenticated=true") ||
		strings.Contains(v, "Acquire::AllowInsecureRepositories=true")
}
