package build

import (
	_ "embed"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed workdir_system_dir.txtar
var workdirSystemDirDoc string

var workdirSystemDir = &rule.Rule{
	Name:     "workdir-system-dir",
	Summary:  "the working directory belongs to the system",
	Severity: finding.Medium,
	Refs:     []string{"trivy DS-0030"},
	Doc:      workdirSystemDirDoc,
	Build:    checkWorkdirSystemDir,
}

func checkWorkdirSystemDir(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "WORKDIR") {
		if len(i.Words) != 1 {
			continue
		}
		if w := i.Words[0]; w.Known() && systemDir(w.Value) {
			p.Report(w.Place(), "working directory "+path.Clean(w.Value)+" belongs to the system")
		}
	}
}

// systemDir reports whether dir is a directory of the system's own, or below
// one of those that the kernel makes.
func systemDir(dir string) bool {
	switch dir = path.Clean(dir); dir {
	case "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin", "/var", "/var/lib", "/var/run":
		return true
	}
	return strings.HasPrefix(dir, "/proc/") || strings.HasPrefix(dir, "/sys/") || strings.HasPrefix(dir, "/dev/")
}
