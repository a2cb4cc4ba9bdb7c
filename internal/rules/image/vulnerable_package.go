package image

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed vulnerable_package.txtar
var vulnerablePackageDoc string

var vulnerablePackage = &rule.Rule{
	Name:     "vulnerable-package",
	Summary:  "the image holds software with a known vulnerability that a newer version cures",
	Severity: finding.Medium,
	Refs:     []string{"dockle CIS-DI-0004", "CIS-Docker 4.4"},
	Gain:     "use a published flaw of the software inside",
	Doc:      vulnerablePackageDoc,
	Image:    checkVulnerablePackage,
}

func checkVulnerablePackage(p *rule.Pass, i *model.Image) {
	for _, v := range i.Vulnerabilities {
		urgent := v.Exploited && pending(v)
		if malicious(v) || v.State != model.FixAvailable && !urgent {
			continue
		}
		exploited, cure := "", "no version cures it yet"
		if v.Exploited {
			exploited = ", which is being exploited"
		}
		if v.Fixed != "" {
			cure = v.Fixed + " cures it"
		}
		f := p.Reportf(software(i, v.Package), "%s %s has %s%s; %s%s", v.Package.Name, v.Package.Version, v.ID, exploited, cure, loaded(i, v.Package))
		if f.Severity = harm(v); v.Package.Dev {
			f.Severity = min(f.Severity, finding.Low) // it is not in what runs
		}
		f.Vulnerability = v
		trace(f, i, v.Package.Layer)
	}
}

// loaded says whether a running container uses a package, or that only builds
// and tests do, as the end of a message; nothing of an image.
func loaded(i *model.Image, p *model.Package) string {
	switch {
	case p.Dev:
		return "; needed to build or test only"
	case i.Running == nil:
		return ""
	case p.Loaded == model.Set:
		return "; a process has it loaded"
	case p.Loaded == model.Unset:
		return "; no process has it loaded"
	}
	return "; whether it is loaded cannot be told"
}

// pending reports whether no version cures v yet.
func pending(v *model.Vulnerability) bool {
	return v.State == model.Unfixed || v.State == model.WontFix
}

// malicious reports whether the package itself is the attack, as OSV's MAL-
// records say.
func malicious(v *model.Vulnerability) bool { return strings.HasPrefix(v.ID, "MAL-") }

// software returns the place of a package in an image: the file that tells of it.
func software(i *model.Image, p *model.Package) model.Place {
	if p.Place.Span.IsValid() {
		return p.Place
	}
	where := p.Name
	if len(p.Locations) > 0 {
		where = p.Locations[0]
	}
	return model.Place{Path: i.Called() + ": " + where}
}

// harm returns the severity of v. What nobody has rated is taken for medium.
func harm(v *model.Vulnerability) finding.Severity {
	if v.Exploited {
		return finding.Critical
	}
	switch v.Severity {
	case "none":
		return finding.Info
	case "":
		return finding.Medium
	}
	if s, err := finding.ParseSeverity(v.Severity); err == nil {
		return s
	}
	return finding.Medium
}
