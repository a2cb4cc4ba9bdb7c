package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed untrusted_syntax.txtar
var untrustedSyntaxDoc string

var untrustedSyntax = &rule.Rule{
	Name:     "untrusted-syntax",
	Summary:  "the Dockerfile is read by a program of somebody else",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.2"},
	Doc:      untrustedSyntaxDoc,
	Build:    checkUntrustedSyntax,
}

func checkUntrustedSyntax(p *rule.Pass, b *model.Build) {
	s := b.Syntax
	if s.State != model.Set || s.Value == "" || trustedFrontend(s.Value) {
		return
	}
	for _, r := range p.Site.Registries.Items {
		if strings.HasPrefix(s.Value, strings.TrimSuffix(r.Value, "/")+"/") {
			return
		}
	}
	p.Reportf(s.Place(), "the Dockerfile is read by %s", s.Value)
}

// trustedFrontend reports whether an image is a Dockerfile frontend of
// Docker's own.
func trustedFrontend(image string) bool {
	name, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	name = strings.TrimPrefix(name, "docker.io/")
	return name == "docker/dockerfile" || name == "docker/dockerfile-upstream"
}
