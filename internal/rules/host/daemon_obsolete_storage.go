package host

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed daemon_obsolete_storage.txtar
var daemonObsoleteStorageDoc string

var daemonObsoleteStorage = &rule.Rule{
	Name:     "daemon-obsolete-storage",
	Summary:  "the storage driver is no longer maintained",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 2.6"},
	Doc:      daemonObsoleteStorageDoc,
	Host:     checkDaemonObsoleteStorage,
}

func checkDaemonObsoleteStorage(p *rule.Pass, h *model.Host) {
	switch d := h.StorageDriver; {
	case !d.Known():
	case d.Value == "aufs" || d.Value == "devicemapper" || d.Value == "overlay":
		p.Report(d.Place(), fmt.Sprintf("storage driver %s is obsolete", d.Value), rule.Set(d, "overlay2", "use overlay2"))
	}
}
