package image

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed duplicate_uid.txtar
var duplicateUidDoc string

var duplicateUid = &rule.Rule{
	Name:     "duplicate-uid",
	Summary:  "two accounts of the image are one user",
	Severity: finding.Low,
	Gain:     "act as another account with the same number",
	Doc:      duplicateUidDoc,
	Image:    checkDuplicateUid,
}

func checkDuplicateUid(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	first := map[int64]string{}
	for _, a := range i.Contents.Accounts {
		other, ok := first[a.UID]
		if !ok {
			first[a.UID] = a.Name
			continue
		}
		f := p.Reportf(fileIn(i, "etc/passwd"), "accounts %s and %s are both uid %d", other, a.Name, a.UID)
		if a.UID == 0 {
			f.Severity = finding.High
		}
	}
}
