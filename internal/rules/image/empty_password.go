package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed empty_password.txtar
var emptyPasswordDoc string

var emptyPassword = &rule.Rule{
	Name:     "empty-password",
	Summary:  "an account of the image has an empty password",
	Severity: finding.Critical,
	Gain:     "become another user without a password",
	Doc:      emptyPasswordDoc,
	Image:    checkEmptyPassword,
}

func checkEmptyPassword(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	for _, a := range i.Contents.Accounts {
		if a.EmptyPassword {
			p.Reportf(fileIn(i, "etc/shadow"), "account %s (uid %d) has an empty password", a.Name, a.UID)
		}
	}
}
