package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed shell_replaced.txtar
var shellReplacedDoc string

var shellReplaced = &rule.Rule{
	Name:     "shell-replaced",
	Summary:  "the system's sh is another program than its scripts expect",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL4005", "kics changing_default_shell_using_run_command"},
	Doc:      shellReplacedDoc,
	Build:    checkShellReplaced,
}

func checkShellReplaced(p *rule.Pass, b *model.Build) {
	for c := range commands(b, neededStage) {
		if n := len(c.Words); n > 2 && (c.Name == "ln" || c.Name == "mv" || c.Name == "cp") && c.Arg(n-1) == "/bin/sh" {
			p.Report(rule.At(c.Span), "/bin/sh is replaced")
		}
	}
}
