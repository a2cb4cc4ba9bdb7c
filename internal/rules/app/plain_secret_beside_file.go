package app

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/secret"
)

//go:embed plain_secret_beside_file.txtar
var plainSecretBesideFileDoc string

var plainSecretBesideFile = &rule.Rule{
	Name:     "plain-secret-beside-file",
	Summary:  "a secret is given both in a variable and in a file",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.10"},
	Doc:      plainSecretBesideFileDoc,
	Workload: checkPlainSecretBesideFile,
}

func checkPlainSecretBesideFile(p *rule.Pass, w *model.Workload) {
	files := map[string]bool{}
	for _, v := range w.Env {
		if v.Value.Known() && v.Value.Value != "" {
			files[v.Name] = true
		}
	}
	for _, v := range w.Env {
		if !files[v.Name+"_FILE"] || v.Value.Known() && v.Value.Value == "" || !secret.Named(v.Name) {
			continue
		}
		p.Report(v.Value.Place(), fmt.Sprintf("variable %s is set beside %s_FILE", v.Name, v.Name),
			rule.Delete(v.Value, "keep the file alone"))
	}
}
