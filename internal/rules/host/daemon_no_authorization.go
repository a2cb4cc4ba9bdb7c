package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_no_authorization.txtar
var daemonNoAuthorizationDoc string

var daemonNoAuthorization = &rule.Rule{
	Name:     "daemon-no-authorization",
	Summary:  "whoever may use the engine may do everything",
	Severity: finding.Info,
	Refs:     []string{"CIS-Docker 2.12"},
	Doc:      daemonNoAuthorizationDoc,
	Host:     checkDaemonNoAuthorization,
}

func checkDaemonNoAuthorization(p *rule.Pass, h *model.Host) {
	if h.Authorization.Known() && len(h.Authorization.Items) == 0 {
		p.Report(h.Authorization.Place(), "no authorization plugin decides what requests may do")
	}
}
