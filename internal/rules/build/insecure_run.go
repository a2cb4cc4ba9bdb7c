package build

import (
	_ "embed"
	"path"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed insecure_run.txtar
var insecureRunDoc string

var insecureRun = &rule.Rule{
	Name:     "insecure-run",
	Summary:  "a step of the build reaches the machine it runs on",
	Severity: finding.High,
	Refs:     []string{"CIS-Docker 5.32"},
	Doc:      insecureRunDoc,
	Build:    checkInsecureRun,
}

func checkInsecureRun(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "RUN", "VOLUME") {
		for _, name := range [...]string{"security", "network"} {
			f := flag(i, name)
			if f == nil {
				continue
			}
			switch f.Value.Value {
			case "insecure":
				p.Report(rule.At(f.Span), "RUN has the rights of the build machine", rule.Do(f.Value.Delete, "run in the sandbox"))
			case "host":
				p.Report(rule.At(f.Span), "RUN has the network of the build machine", rule.Do(f.Value.Delete, "run in a network of its own"))
			}
		}
		for _, m := range i.Mounts {
			if m.Type == "bind" && engineSocket(m.Source) || engineSocket(m.Target) {
				p.Report(rule.At(m.Span), "RUN mounts the engine's socket")
			}
		}
		for _, w := range i.Words {
			if i.Name == "VOLUME" && w.Known() && engineSocket(w.Value) {
				p.Report(w.Place(), "the image expects the engine's socket")
			}
		}
	}
}

// engineSocket reports whether path is where an engine listens.
func engineSocket(name string) bool {
	switch path.Base(name) {
	case "docker.sock", "podman.sock", "containerd.sock", "crio.sock", "buildkitd.sock":
		return true
	}
	return false
}
