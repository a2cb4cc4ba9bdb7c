package build

import (
	_ "embed"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unneeded_tools.txtar
var unneededToolsDoc string

var unneededTools = &rule.Rule{
	Name:     "unneeded-tools",
	Summary:  "the image holds tools that serve an intruder more than the program",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 4.3", "dockle DKL-LI-0003"},
	Gain:     "scan and reach other machines with the tools of the image",
	Doc:      unneededToolsDoc,
	Build:    checkUnneededTools,
}

func checkUnneededTools(p *rule.Pass, b *model.Build) {
	for c := range commands(b, shippedStage) {
		k, ok := packageCall(c)
		if !ok || !k.installs() {
			continue
		}
		for _, i := range k.operands {
			name := bareName(k.Arg(i))
			if !unneeded(k.family(), name) || k.removedLater(name) {
				continue
			}
			fix := finding.Fix{Message: "leave it out"}
			if len(k.operands) > 1 {
				fix.Edits = deleteWords(k.Words[i])
			}
			p.Report(k.Words[i].Place(), name+" is installed in the image", fix)
		}
	}
}

// unneeded reports whether a package serves to reach, watch or take over other
// machines, or to log in to this one.
func unneeded(family, name string) bool {
	switch family {
	case "apt", "apk", "rpm", "zypper":
	default:
		return false
	}
	switch name {
	case "openssh-server", "openssh", "sshd", "dropbear", "telnet", "telnetd", "inetutils-telnet", "rsh-client", "rsh-server",
		"ftp", "vsftpd", "tftp", "tftpd", "nmap", "nmap-ncat", "ncat", "netcat", "netcat-openbsd", "netcat-traditional", "nc", "socat",
		"tcpdump", "tshark", "wireshark", "hydra", "john", "sqlmap", "masscan", "ettercap", "dsniff", "strace", "ltrace", "gdb", "gdbserver":
		return true
	}
	return false
}
