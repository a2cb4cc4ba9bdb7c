package workload

import (
	_ "embed"
	"fmt"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed sensitive_host_mount.txtar
var sensitiveHostMountDoc string

var sensitiveHostMount = &rule.Rule{
	Name:     "sensitive-host-mount",
	Summary:  "a directory of the host that rules the host is mounted",
	Severity: finding.High,
	Refs: []string{
		"trivy KSV-0023",
		"trivy KSV-0121",
		"kics volume_has_sensitive_host_directory",
		"kics workload_mounting_with_sensitive_os_directory",
		"kics non_kube_system_pod_with_host_mount",
		"kube-linter sensitive-host-mounts",
		"CIS-Docker 5.6",
		"PSS baseline",
	},
	Gain:     "read or change files that decide over the host",
	Prize:    finding.Takeover,
	Doc:      sensitiveHostMountDoc,
	Workload: checkSensitiveHostMount,
}

func checkSensitiveHostMount(p *rule.Pass, w *model.Workload) {
	for _, m := range w.Mounts {
		host, h := worst(m)
		if h == nil || !m.ReadOnly.Known() {
			continue
		}
		severity, how, reported := h.writable, "writable", true
		if m.ReadOnly.Value {
			severity, how, reported = h.readOnly, "read-only", !h.readable
		}
		if !reported {
			continue
		}
		fix := rule.Do(m.Delete, "do not mount "+host)
		if h.readable {
			fix = rule.Set(m.ReadOnly, true, fmt.Sprintf("mount %s read-only", host))
		}
		p.Report(m.Place, fmt.Sprintf("container mounts host path %s %s", host, how), fix).Severity = severity
	}
}

// A hostPathHarm says how bad a mount of a path of the host is.
type hostPathHarm struct {
	path               string
	below              bool // what lies below path counts as path does
	writable, readOnly finding.Severity
	readable           bool // reading it does no harm
}

// hostPathHarms lists the paths that decide over the host. Of several that
// fit, the last counts.
var hostPathHarms = [...]hostPathHarm{
	{path: "/", writable: finding.Critical, readOnly: finding.High},
	{path: "/bin", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/boot", below: true, writable: finding.Critical, readOnly: finding.Medium},
	{path: "/dev", below: true, writable: finding.Medium, readOnly: finding.Medium},
	{path: "/dev", writable: finding.Critical, readOnly: finding.High},
	{path: "/dev/dri", below: true, writable: finding.Low, readOnly: finding.Low},
	{path: "/dev/fuse", writable: finding.Low, readOnly: finding.Low},
	{path: "/dev/kvm", writable: finding.Low, readOnly: finding.Low},
	{path: "/dev/log", writable: finding.Low, readable: true},
	{path: "/dev/null", writable: finding.Info, readable: true},
	{path: "/dev/random", writable: finding.Info, readable: true},
	{path: "/dev/shm", below: true, writable: finding.Low, readOnly: finding.Low},
	{path: "/dev/snd", below: true, writable: finding.Low, readOnly: finding.Low},
	{path: "/dev/urandom", writable: finding.Info, readable: true},
	{path: "/etc", below: true, writable: finding.Medium, readOnly: finding.Low},
	{path: "/etc", writable: finding.Critical, readOnly: finding.Medium},
	{path: "/etc/cron.d", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/etc/docker", below: true, writable: finding.Critical, readOnly: finding.Medium},
	{path: "/etc/group", writable: finding.High, readable: true},
	{path: "/etc/hostname", writable: finding.Low, readable: true},
	{path: "/etc/hosts", writable: finding.Medium, readable: true},
	{path: "/etc/kubernetes", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/etc/localtime", writable: finding.Low, readable: true},
	{path: "/etc/machine-id", writable: finding.Low, readable: true},
	{path: "/etc/os-release", writable: finding.Low, readable: true},
	{path: "/etc/passwd", writable: finding.Critical, readable: true},
	{path: "/etc/pki/ca-trust", below: true, writable: finding.High, readable: true},
	{path: "/etc/resolv.conf", writable: finding.Medium, readable: true},
	{path: "/etc/shadow", writable: finding.Critical, readOnly: finding.High},
	{path: "/etc/ssh", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/etc/ssl/certs", below: true, writable: finding.High, readable: true},
	{path: "/etc/ssl/private", below: true, writable: finding.High, readOnly: finding.High},
	{path: "/etc/sudoers", writable: finding.Critical, readOnly: finding.Medium},
	{path: "/etc/sudoers.d", below: true, writable: finding.Critical, readOnly: finding.Medium},
	{path: "/etc/systemd", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/etc/timezone", writable: finding.Low, readable: true},
	{path: "/home", writable: finding.High, readOnly: finding.Medium},
	{path: "/lib", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/lib/modules", below: true, writable: finding.High, readable: true},
	{path: "/lib32", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/lib64", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/libx32", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/nix", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/opt/cni", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/proc", below: true, writable: finding.High, readOnly: finding.Medium},
	{path: "/root", writable: finding.Critical, readOnly: finding.High},
	{path: "/run/dbus", below: true, writable: finding.High, readOnly: finding.High},
	{path: "/run/systemd", below: true, writable: finding.High, readOnly: finding.Medium},
	{path: "/run/udev", below: true, writable: finding.High, readable: true},
	{path: "/sbin", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/sys", below: true, writable: finding.High, readOnly: finding.Low},
	{path: "/usr", writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/bin", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/lib", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/lib/modules", below: true, writable: finding.High, readable: true},
	{path: "/usr/lib32", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/lib64", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/libexec", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/libx32", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/local", writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/local/bin", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/local/lib", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/local/sbin", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/sbin", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/usr/share/zoneinfo", below: true, writable: finding.Low, readable: true},
	{path: "/var", writable: finding.Critical, readOnly: finding.High},
	{path: "/var/lib", writable: finding.Critical, readOnly: finding.High},
	{path: "/var/lib/cloud", below: true, writable: finding.High, readOnly: finding.Medium},
	{path: "/var/lib/containerd", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/var/lib/containers", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/var/lib/docker", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/var/lib/dpkg", below: true, writable: finding.High, readable: true},
	{path: "/var/lib/etcd", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/var/lib/kubelet", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/var/lib/rancher", below: true, writable: finding.Critical, readOnly: finding.High},
	{path: "/var/log", below: true, writable: finding.Medium, readOnly: finding.Low},
	{path: "/var/spool", writable: finding.Critical, readOnly: finding.Medium},
	{path: "/var/spool/at", below: true, writable: finding.Critical, readOnly: finding.Low},
	{path: "/var/spool/cron", below: true, writable: finding.Critical, readOnly: finding.Medium},
}

// credentials is the harm of a directory that holds somebody's keys, as homes do.
var credentials = hostPathHarm{writable: finding.High, readOnly: finding.High}

// startup is the harm of a file that somebody's shell runs when it starts.
var startup = hostPathHarm{writable: finding.High, readOnly: finding.Low}

// worst returns the path of the host that m mounts and its harm; of several,
// as when a link leads elsewhere, the one that is worst when written to. Engine
// sockets have a rule of their own.
func worst(m model.Mount) (string, *hostPathHarm) {
	var at string
	var found *hostPathHarm
	for _, host := range hostPaths(m) {
		if isEngineSocket(host) {
			return "", nil
		}
		if h := harmOfPath(host); h != nil && (found == nil || h.writable > found.writable) {
			at, found = host, h
		}
	}
	return at, found
}

func harmOfPath(host string) *hostPathHarm {
	for part := range strings.SplitSeq(host, "/") {
		switch part {
		case ".ssh", ".aws", ".azure", ".docker", ".gnupg", ".kube":
			return &credentials
		case ".bash_login", ".bash_logout", ".bash_profile", ".bashrc", ".profile", ".zprofile", ".zshenv", ".zshrc":
			return &startup
		}
	}
	if user, ok := strings.CutPrefix(host, "/home/"); ok && !strings.Contains(user, "/") {
		return &credentials
	}
	var found *hostPathHarm
	for i := range hostPathHarms {
		h := &hostPathHarms[i]
		if host == h.path || h.below && strings.HasPrefix(host, h.path+"/") {
			found = h
		}
	}
	return found
}
