package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_seccomp_off.txtar
var daemonSeccompOffDoc string

var daemonSeccompOff = &rule.Rule{
	Name:     "daemon-seccomp-off",
	Summary:  "containers run without a seccomp profile by default",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 2.17"},
	Gain:     "reach the whole kernel, rarely used system calls included",
	Doc:      daemonSeccompOffDoc,
	Host:     checkDaemonSeccompOff,
}

func checkDaemonSeccompOff(p *rule.Pass, h *model.Host) {
	if h.Seccomp.Known() && h.Seccomp.Value == "unconfined" {
		fix := rule.Delete(h.Seccomp, "use the built-in profile")
		p.Report(h.Seccomp.Place(), "the engine's default seccomp profile is off", fix)
	}
}
