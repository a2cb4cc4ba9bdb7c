package workload

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unsafe_sysctl.txtar
var unsafeSysctlDoc string

var unsafeSysctl = &rule.Rule{
	Name:     "unsafe-sysctl",
	Summary:  "a kernel setting is changed that is not known to be safe",
	Severity: finding.Low,
	Refs:     []string{"trivy KSV-0026", "kics cluster_allows_unsafe_sysctls", "kube-linter unsafe-sysctls", "PSS baseline"},
	Doc:      unsafeSysctlDoc,
	Workload: checkUnsafeSysctl,
}

func checkUnsafeSysctl(p *rule.Pass, w *model.Workload) {
	for _, s := range w.Sysctls {
		name := strings.ReplaceAll(s.Name, "/", ".") // both spellings name one file below /proc/sys
		if safeSysctl(name) {
			continue
		}
		f := p.Report(s.Value.Place(), fmt.Sprintf("sysctl %s is not known to be safe", name),
			rule.Delete(s.Value, "leave "+name+" as it is"))
		if !strings.HasPrefix(name, "net.") {
			f.Severity = finding.Medium
		}
	}
}

// safeSysctl reports whether name is on the list of Kubernetes, Pod Security
// Standards, baseline, "Sysctls".
func safeSysctl(name string) bool {
	switch name {
	case "kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range",
		"net.ipv4.ip_local_reserved_ports",
		"net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ping_group_range",
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_notsent_lowat",
		"net.ipv4.tcp_rmem",
		"net.ipv4.tcp_slow_start_after_idle",
		"net.ipv4.tcp_syncookies",
		"net.ipv4.tcp_wmem":
		return true
	}
	return false
}
