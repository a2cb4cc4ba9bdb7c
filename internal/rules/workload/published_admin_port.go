package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed published_admin_port.txtar
var publishedAdminPortDoc string

var publishedAdminPort = &rule.Rule{
	Name:     "published-admin-port",
	Summary:  "an administrator's door can be reached from outside",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 5.9"},
	Doc:      publishedAdminPortDoc,
	Workload: checkPublishedAdminPort,
}

func checkPublishedAdminPort(p *rule.Pass, w *model.Workload) {
	for _, port := range w.Ports {
		if what := manager(w, port); what != "" && keeper(w, port) == "" && open(port) {
			p.Report(port.HostIP.Place(), fmt.Sprintf("port %s (%s) is published on %s", portText(port), what, where(port)), onLoopback(port))
		}
	}
}

// manager returns what administrators use behind port; "" where it is
// something else.
func manager(w *model.Workload, port model.Port) string {
	for _, s := range [...]struct {
		port int
		name string
	}{
		{23, "Telnet"},
		{445, "SMB"},
		{2375, "engine API"},
		{2376, "engine API"},
		{3389, "remote desktop"},
		{5900, "VNC"},
		{10250, "kubelet"},
		{15672, "RabbitMQ management"},
	} {
		if covers(port, s.port) {
			return s.name
		}
	}
	if w.Role == model.AdminRole {
		return string(w.Role)
	}
	return ""
}
