package image

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
)

//go:embed secret_in_provenance.txtar
var secretInProvenanceDoc string

var secretInProvenance = &rule.Rule{
	Name:     "secret-in-provenance",
	Summary:  "the provenance that is published with an image holds a secret it was built with",
	Severity: finding.Critical,
	Gain:     "use a secret that everybody who pulls the image can read",
	Prize:    finding.Secrets,
	Doc:      secretInProvenanceDoc,
	Image:    checkSecretInProvenance,
}

func checkSecretInProvenance(p *rule.Pass, i *model.Image) {
	if i.Provenance == nil {
		return
	}
	seen := map[string]bool{}
	for _, a := range i.Provenance.Args {
		l := secret.Judge(a.Name, a.Value)
		if l == nil || seen[a.Name] {
			continue
		}
		seen[a.Name] = true
		f := p.Report(model.Place{Path: "image " + i.Name + ": provenance"}, fmt.Sprintf("build argument %s holds %s (%s)", a.Name, l.Kind, l.Shown))
		f.Likely = !l.Certain
	}
}
