package host

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_insecure_registry.txtar
var daemonInsecureRegistryDoc string

var daemonInsecureRegistry = &rule.Rule{
	Name:     "daemon-insecure-registry",
	Summary:  "images are pulled from a registry without checking who it is",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 2.5"},
	Doc:      daemonInsecureRegistryDoc,
	Host:     checkDaemonInsecureRegistry,
}

func checkDaemonInsecureRegistry(p *rule.Pass, h *model.Host) {
	for _, r := range h.InsecureRegistries.Items {
		if r.Known() && !strings.HasPrefix(r.Value, "127.") && !strings.HasPrefix(r.Value, "localhost") && !strings.HasPrefix(r.Value, "::1") {
			p.Report(r.Place(), fmt.Sprintf("registry %s is trusted without a certificate", r.Value), rule.Delete(r, "check its certificate"))
		}
	}
}
