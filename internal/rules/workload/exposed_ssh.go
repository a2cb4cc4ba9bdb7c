package workload

import (
	_ "embed"
	"slices"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed exposed_ssh.txtar
var exposedSSHDoc string

var exposedSSH = &rule.Rule{
	Name:     "exposed-ssh",
	Summary:  "the image announces an SSH server",
	Severity: finding.Low,
	Refs: []string{
		"trivy DS-0004",
		"kics exposing_port_22",
		"checkov CKV_DOCKER_1",
		"kube-linter ssh-port",
		"CIS-Docker 5.7",
	},
	Doc:      exposedSSHDoc,
	Workload: checkExposedSSH,
}

func checkExposedSSH(p *rule.Pass, w *model.Workload) {
	if slices.ContainsFunc(w.Ports, func(port model.Port) bool { return covers(port, 22) }) {
		return // published-ssh has it
	}
	for _, port := range w.Exposed {
		if port.State != model.Unknown && port.First == 22 && port.Last == 22 {
			p.Report(port.Place, "port 22 (SSH) is exposed", rule.Do(port.Delete, "do not expose port 22"))
		}
	}
}
