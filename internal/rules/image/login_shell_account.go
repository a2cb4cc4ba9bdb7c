package image

import (
	_ "embed"
	"path"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed login_shell_account.txtar
var loginShellAccountDoc string

var loginShellAccount = &rule.Rule{
	Name:     "login-shell-account",
	Summary:  "an account for a service has a login shell",
	Severity: finding.Info,
	Doc:      loginShellAccountDoc,
	Image:    checkLoginShellAccount,
}

func checkLoginShellAccount(p *rule.Pass, i *model.Image) {
	if i.Contents == nil {
		return
	}
	for _, a := range i.Contents.Accounts {
		if a.UID < 1000 || a.UID == 65534 || !interactive(a.Shell) { // 65534: nobody
			continue
		}
		p.Reportf(fileIn(i, "etc/passwd"), "account %s (uid %d) can log in: its shell is %s", a.Name, a.UID, a.Shell)
	}
}

// interactive reports whether a shell lets its user type.
func interactive(shell string) bool {
	switch path.Base(shell) {
	case "sh", "ash", "bash", "dash", "fish", "ksh", "mksh", "tcsh", "csh", "zsh", "busybox":
		return true
	}
	return false
}
