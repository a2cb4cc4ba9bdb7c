package image

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed untrusted_registry.txtar
var untrustedRegistryDoc string

var untrustedRegistry = &rule.Rule{
	Name:     "untrusted-registry",
	Summary:  "an image comes from a registry that is not among the trusted ones",
	Severity: finding.Medium,
	Refs: []string{
		"hadolint DL3026",
		"trivy KSV-0125",
		"trivy KSV-0034",
		"dockle CIS-DI-0002",
		"CIS-Docker 4.2",
	},
	Gain:  "run whatever the registry hands out",
	Doc:   untrustedRegistryDoc,
	Image: checkUntrustedRegistry,
}

func checkUntrustedRegistry(p *rule.Pass, i *model.Image) {
	if p.Site.Registries.State != model.Set || len(p.Site.Registries.Items) == 0 || !pulled(i) {
		return
	}
	ref := i.Ref.Value
	full := ref.Registry + "/" + ref.Repository
	for _, r := range p.Site.Registries.Items {
		prefix := strings.TrimSuffix(r.Value, "/")
		if full == prefix || strings.HasPrefix(full, prefix+"/") {
			return
		}
	}
	p.Report(i.Ref.Place(), fmt.Sprintf("image %s is not from a trusted registry", ref.Familiar()))
}
