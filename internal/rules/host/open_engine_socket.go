package host

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed open_engine_socket.txtar
var openEngineSocketDoc string

var openEngineSocket = &rule.Rule{
	Name:     "open-engine-socket",
	Summary:  "everybody on the host may control the engine",
	Severity: finding.Critical,
	Refs:     []string{"CIS-Docker 3.15", "CIS-Docker 3.16", "CIS-Docker 1.1.2"},
	Gain:     "become root from any account of the host",
	Prize:    finding.Takeover,
	Doc:      openEngineSocketDoc,
	Host:     checkOpenEngineSocket,
}

func checkOpenEngineSocket(p *rule.Pass, h *model.Host) {
	if m := h.SocketMode; m.Known() && m.Value&0o006 != 0 {
		p.Reportf(m.Place(), "engine's socket is open to every user: mode %04o", m.Value)
	}
}
