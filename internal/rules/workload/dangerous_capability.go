package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed dangerous_capability.txtar
var dangerousCapabilityDoc string

var dangerousCapability = &rule.Rule{
	Name:     "dangerous-capability",
	Summary:  "a capability is added that leads out of the container",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0005",
		"trivy KSV-0120",
		"trivy KSV-0119",
		"trivy KSV-0022",
		"kics container_capabilities_unrestricted",
		"kics containers_with_sys_admin_capabilities",
		"kics containers_with_added_capabilities",
		"checkov CKV_K8S_39",
		"checkov CKV_K8S_25",
		"CIS-Docker 5.4",
		"PSS baseline",
	},
	Gain:     "use a part of the host root's power",
	Prize:    finding.Takeover,
	Doc:      dangerousCapabilityDoc,
	Workload: checkDangerousCapability,
}

func checkDangerousCapability(p *rule.Pass, w *model.Workload) {
	for _, c := range w.CapAdd.Items {
		if !c.Known() {
			continue
		}
		if h, ok := harmOf(c.Value); ok {
			f := p.Report(c.Place(), fmt.Sprintf("container is given capability %s, by which it can %s", c.Value, h.gain),
				rule.Delete(c, "do not add capability "+c.Value))
			f.Severity, f.Gain = h.severity, ""
			if h.severity >= finding.High {
				f.Gain = "get out of the container and at the host"
			}
		}
	}
}

// A capabilityHarm is what a capability beyond Docker's default set gives.
type capabilityHarm struct {
	severity finding.Severity
	gain     string // completes "the container can …"
}

// harmOf returns the harm of a capability, and false for the harmless ones.
// See capabilities(7).
func harmOf(capability string) (capabilityHarm, bool) {
	switch capability {
	case "ALL":
		return capabilityHarm{finding.Critical, "do everything root on the host can"}, true
	case "SYS_ADMIN":
		return capabilityHarm{finding.Critical, "mount file systems and change kernel settings"}, true
	case "SYS_MODULE":
		return capabilityHarm{finding.Critical, "load code into the host's kernel"}, true
	case "SYS_RAWIO":
		return capabilityHarm{finding.Critical, "read and write the host's memory and I/O ports"}, true
	case "DAC_READ_SEARCH":
		return capabilityHarm{finding.High, "open any file of the host by its handle"}, true
	case "SYS_PTRACE":
		return capabilityHarm{finding.High, "read and change the memory of other processes"}, true
	case "BPF":
		return capabilityHarm{finding.High, "run programs inside the host's kernel"}, true
	case "MAC_ADMIN", "MAC_OVERRIDE":
		return capabilityHarm{finding.High, "switch off the security modules that confine it"}, true
	case "CHECKPOINT_RESTORE", "PERFMON", "SYSLOG":
		return capabilityHarm{finding.Medium, "read what the host's kernel keeps secret"}, true
	case "NET_ADMIN":
		return capabilityHarm{finding.Medium, "change addresses, routes and firewall rules"}, true
	case "SYS_BOOT":
		return capabilityHarm{finding.Medium, "restart the host"}, true
	case "SYS_TIME":
		return capabilityHarm{finding.Medium, "set the host's clock"}, true
	case "SYS_RESOURCE":
		return capabilityHarm{finding.Medium, "exceed its resource limits"}, true
	case "AUDIT_CONTROL", "AUDIT_READ":
		return capabilityHarm{finding.Medium, "read or switch off the host's audit log"}, true
	case "IPC_OWNER":
		return capabilityHarm{finding.Medium, "read the shared memory of other users"}, true
	case "LINUX_IMMUTABLE", "LEASE", "IPC_LOCK", "SYS_NICE", "SYS_PACCT", "SYS_TTY_CONFIG", "WAKE_ALARM", "BLOCK_SUSPEND", "NET_BROADCAST":
		return capabilityHarm{finding.Low, "disturb other programs of the host"}, true
	case "NET_RAW":
		return capabilityHarm{finding.Low, "forge packets of its neighbours"}, true
	}
	return capabilityHarm{}, false
}
