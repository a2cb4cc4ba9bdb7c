package build

import (
	_ "embed"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed system_volume.txtar
var systemVolumeDoc string

var systemVolume = &rule.Rule{
	Name:     "system-volume",
	Summary:  "a directory of the system is a volume",
	Severity: finding.Medium,
	Refs:     []string{"dockle DKL-DI-0002"},
	Doc:      systemVolumeDoc,
	Build:    checkSystemVolume,
}

func checkSystemVolume(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, shippedStage, "VOLUME") {
		for _, w := range i.Words {
			if w.Known() && strings.HasPrefix(w.Value, "/") && (path.Clean(w.Value) == "/" || systemDir(w.Value)) {
				p.Report(w.Place(), "volume "+path.Clean(w.Value)+" is a directory of the system")
			}
		}
	}
}
