package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed published_ssh.txtar
var publishedSSHDoc string

var publishedSSH = &rule.Rule{
	Name:     "published-ssh",
	Summary:  "an SSH server in the container can be reached from outside",
	Severity: finding.Medium,
	Refs: []string{
		"trivy DS-0004",
		"kics exposing_port_22",
		"checkov CKV_DOCKER_1",
		"kube-linter ssh-port",
		"CIS-Docker 5.7",
	},
	Doc:      publishedSSHDoc,
	Workload: checkPublishedSSH,
}

func checkPublishedSSH(p *rule.Pass, w *model.Workload) {
	for _, port := range w.Ports {
		if covers(port, 22) && open(port) {
			p.Report(port.HostIP.Place(), fmt.Sprintf("port %s (SSH) is published on %s", portText(port), where(port)), onLoopback(port))
		}
	}
}
