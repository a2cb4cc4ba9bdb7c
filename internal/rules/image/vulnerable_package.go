package image

import (
	"cmp"
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
	for _, o := range occurrences(i) {
		v := o.vulnerability
		// What somebody has an excuse for is reported so that it can be seen to
		// be suppressed.
		judged := v.State == model.FixAvailable || pending(v) && (p.Site.Unfixed || v.Exploited || v.Excuse != nil)
		if malicious(v) || !judged {
			continue
		}
		exploited, cure := "", "no version cures it yet"
		if v.State == model.WontFix {
			cure = "the distribution will not cure it"
		}
		if v.Exploited {
			exploited = ", which is being exploited"
		}
		if v.Fixed != "" {
			cure = v.Fixed + " cures it"
		}
		f := p.Reportf(software(i, v.Package), "%s has %s%s; %s%s", model.Software(o.packages), v.ID, exploited, cure, i.UseOf(o.packages...))
		if f.Severity = harm(v); v.Package.Dev {
			f.Severity = min(f.Severity, finding.Low) // it is not in what runs
		}
		f.Vulnerability, f.Packages = v, o.packages
		trace(f, i, v.Package.Layer)
	}
}

// An occurrence is one vulnerability in one release of one piece of software,
// however many packages were made of it and however often it is there.
type occurrence struct {
	vulnerability *model.Vulnerability // of the first of the packages
	packages      []*model.Package
}

// occurrences returns those of i, in the order of its vulnerabilities.
func occurrences(i *model.Image) []*occurrence {
	type key struct {
		id, ecosystem, source, version, fixed string
		dev                                   bool
		excuse                                model.Excuse
	}
	var out []*occurrence
	at := map[key]*occurrence{}
	for _, v := range i.Vulnerabilities {
		p := v.Package
		k := key{v.ID, p.Ecosystem, cmp.Or(p.Source, p.Name), cmp.Or(p.SourceVersion, p.Version), v.Fixed, p.Dev, model.Excuse{}}
		if v.Excuse != nil {
			k.excuse = *v.Excuse
		}
		o := at[k]
		if o == nil {
			o = &occurrence{vulnerability: v}
			at[k], out = o, append(out, o)
		}
		o.packages = append(o.packages, p)
	}
	return out
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
