package workload

import (
	_ "embed"
	"fmt"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unsafe_tmpfs.txtar
var unsafeTmpfsDoc string

var unsafeTmpfs = &rule.Rule{
	Name:     "unsafe-tmpfs",
	Summary:  "a file system in memory allows more than data of bounded size",
	Severity: finding.Low,
	Doc:      unsafeTmpfsDoc,
	Workload: checkUnsafeTmpfs,
}

func checkUnsafeTmpfs(p *rule.Pass, w *model.Workload) {
	for _, m := range w.Mounts {
		t := m.Tmpfs
		if m.Kind != model.TmpfsMount || t == nil {
			continue
		}
		report := func(option model.Fact[bool], what, fix string) {
			if option.Known() && !option.Value {
				p.Report(option.Place(), fmt.Sprintf("tmpfs %s allows %s", m.Target.Value, what), rule.Set(option, true, fix))
			}
		}
		report(t.NoExec, "programs to be run", "mount it noexec")
		report(t.NoSUID, "set-uid programs", "mount it nosuid")
		report(t.NoDev, "device files", "mount it nodev")
		// What is in a tmpfs counts towards the memory of the container.
		bounded := w.Memory.Known() && w.Memory.Value > 0
		if t.Size.Known() && t.Size.Value <= 0 && !bounded {
			p.Report(t.Size.Place(), fmt.Sprintf("tmpfs %s has no size limit", m.Target.Value),
				rule.Set(t.Size, 64<<20, "limit it to 64 MiB"))
		}
	}
}
