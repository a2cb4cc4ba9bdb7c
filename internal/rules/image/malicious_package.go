package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed malicious_package.txtar
var maliciousPackageDoc string

var maliciousPackage = &rule.Rule{
	Name:     "malicious-package",
	Summary:  "the image holds a package that was published to attack those who install it",
	Severity: finding.Critical,
	Gain:     "do what the package was made for, with what the container can reach",
	Doc:      maliciousPackageDoc,
	Image:    checkMaliciousPackage,
}

func checkMaliciousPackage(p *rule.Pass, i *model.Image) {
	for _, v := range i.Vulnerabilities {
		if malicious(v) {
			f := p.Reportf(software(i, v.Package), "%s %s is malicious (%s)%s", v.Package.Name, v.Package.Version, v.ID, i.UseOf(v.Package))
			f.Vulnerability, f.Packages = v, []*model.Package{v.Package}
			trace(f, i, v.Package.Layer)
		}
	}
}
