package build

import (
	_ "embed"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed exposed_port_invalid.txtar
var exposedPortInvalidDoc string

var exposedPortInvalid = &rule.Rule{
	Name:     "exposed-port-invalid",
	Summary:  "EXPOSE names something that is no port",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3011", "trivy DS-0008", "kics unix_ports_out_of_range", "buildkit ExposeInvalidFormat"},
	Doc:      exposedPortInvalidDoc,
	Build:    checkExposedPortInvalid,
}

func checkExposedPortInvalid(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "EXPOSE") {
		for _, w := range i.Words {
			if w.Known() && w.Value != "" && !validPort(w.Value) {
				p.Reportf(w.Place(), "EXPOSE %s is not a port", w.Value)
			}
		}
	}
}

// validPort reports whether v is a port or a range of ports of the container,
// with or without a protocol.
func validPort(v string) bool {
	ports, protocol, ok := strings.Cut(v, "/")
	switch strings.ToLower(protocol) {
	case "tcp", "udp", "sctp":
	default:
		if ok {
			return false
		}
	}
	first, last, isRange := strings.Cut(ports, "-")
	a, err := strconv.ParseUint(first, 10, 16)
	if err != nil {
		return false
	}
	if !isRange {
		return true
	}
	z, err := strconv.ParseUint(last, 10, 16)
	return err == nil && a <= z
}
