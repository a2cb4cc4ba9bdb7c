package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_no_userns_remap.txtar
var daemonNoUsernsRemapDoc string

var daemonNoUsernsRemap = &rule.Rule{
	Name:     "daemon-no-userns-remap",
	Summary:  "root in a container is root on the host",
	Severity: finding.Info,
	Refs:     []string{"CIS-Docker 2.9", "CIS-Docker 2.1"},
	Doc:      daemonNoUsernsRemapDoc,
	Host:     checkDaemonNoUsernsRemap,
}

func checkDaemonNoUsernsRemap(p *rule.Pass, h *model.Host) {
	if h.Rootless.Known() && h.Rootless.Value {
		return
	}
	if h.UserNSRemap.Known() && h.UserNSRemap.Value == "" {
		p.Report(h.UserNSRemap.Place(), "users of containers are not remapped", rule.Set(h.UserNSRemap, "default", "remap the users of containers"))
	}
}
