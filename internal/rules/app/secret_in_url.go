package app

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
)

//go:embed secret_in_url.txtar
var secretInURLDoc string

var secretInURL = &rule.Rule{
	Name:     "secret-in-url",
	Summary:  "an instruction names a URL with a password in it",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 4.10"},
	Gain:     "use a password that everybody who pulls the image can read",
	Prize:    finding.Secrets,
	Doc:      secretInURLDoc,
	Build:    checkSecretInURL,
}

func checkSecretInURL(p *rule.Pass, b *model.Build) {
	for _, i := range b.Instructions {
		if i.Name == "ENV" || i.Name == "ARG" || i.Stage == nil {
			continue // judged as variables
		}
		for _, text := range texts(i) {
			for _, m := range secret.Find(text.Text()) {
				if m.Kind == inURL {
					at := rule.At(part(text, m.Start, m.End))
					weigh(p.Report(at, fmt.Sprintf("%s holds %s (%s)", i.Name, m.Kind, m.Shown)), i)
				}
			}
		}
	}
}
