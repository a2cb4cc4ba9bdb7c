package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_userland_proxy.txtar
var daemonUserlandProxyDoc string

var daemonUserlandProxy = &rule.Rule{
	Name:     "daemon-userland-proxy",
	Summary:  "published ports go through a proxy process",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 2.16"},
	Doc:      daemonUserlandProxyDoc,
	Host:     checkDaemonUserlandProxy,
}

func checkDaemonUserlandProxy(p *rule.Pass, h *model.Host) {
	if h.UserlandProxy.Known() && h.UserlandProxy.Value {
		p.Report(h.UserlandProxy.Place(), "the userland proxy is on", rule.Set(h.UserlandProxy, false, "forward ports in the kernel"))
	}
}
