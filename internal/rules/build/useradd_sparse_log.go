package build

import (
	_ "embed"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed useradd_sparse_log.txtar
var useraddSparseLogDoc string

var useraddSparseLog = &rule.Rule{
	Name:     "useradd-sparse-log",
	Summary:  "a user with a high id makes a login log of gigabytes",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3046"},
	Doc:      useraddSparseLogDoc,
	Build:    checkUseraddSparseLog,
}

func checkUseraddSparseLog(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		if c.Name != "useradd" || c.Flag("-l", "--no-log-init") > 0 || clustered(c.Command, 'l') {
			continue
		}
		for i := 1; i < len(c.Words); i++ {
			id, long := strings.CutPrefix(c.Arg(i), "--uid=")
			if !long && (c.Arg(i) == "-u" || c.Arg(i) == "--uid") {
				id = c.Arg(i + 1)
			}
			if n, err := strconv.ParseUint(id, 10, 32); err == nil && n > 65535 {
				fix := finding.Fix{Message: "leave the login log alone"}
				if c.Insert != nil {
					fix.Edits = c.Insert(0, "--no-log-init")
				}
				p.Report(c.Words[i].Place(), "useradd reserves room in the login log up to user "+id, rule.Safe(fix))
				break
			}
		}
	}
}
