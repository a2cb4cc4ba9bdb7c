package host

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_tcp_without_tls.txtar
var daemonTcpWithoutTLSDoc string

var daemonTcpWithoutTLS = &rule.Rule{
	Name:     "daemon-tcp-without-tls",
	Summary:  "the engine can be controlled over the network without a certificate",
	Severity: finding.Critical,
	Refs:     []string{"CIS-Docker 2.7"},
	Gain:     "control the engine and own the host",
	Prize:    finding.Takeover,
	Doc:      daemonTcpWithoutTLSDoc,
	Host:     checkDaemonTcpWithoutTLS,
}

func checkDaemonTcpWithoutTLS(p *rule.Pass, h *model.Host) {
	if !h.TLSVerify.Known() || h.TLSVerify.Value {
		return
	}
	for _, l := range h.Listen.Items {
		address, tcp := strings.CutPrefix(l.Value, "tcp://")
		if !l.Known() || !tcp {
			continue
		}
		f := p.Report(l.Place(), fmt.Sprintf("engine listens on %s without checking certificates", l.Value),
			rule.Delete(l, "do not listen on the network"))
		if strings.HasPrefix(address, "127.") || strings.HasPrefix(address, "localhost") || strings.HasPrefix(address, "[::1]") {
			f.Severity = finding.High
		}
	}
}
