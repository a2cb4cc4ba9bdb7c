package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unpinned_git.txtar
var unpinnedGitDoc string

var unpinnedGit = &rule.Rule{
	Name:     "unpinned-git",
	Summary:  "a repository is added at whatever it holds on the day of the build",
	Severity: finding.Low,
	Refs:     []string{"CIS-Docker 4.11"},
	Doc:      unpinnedGitDoc,
	Build:    checkUnpinnedGit,
}

func checkUnpinnedGit(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "ADD") {
		if len(i.Words) < 2 || flag(i, "checksum") != nil {
			continue
		}
		for _, w := range i.Words[:len(i.Words)-1] {
			if w.Known() && isGit(w.Value) && !pinnedGit(w.Value) {
				p.Report(w.Place(), "repository is added without a commit or tag")
			}
		}
	}
}

// pinnedGit reports whether a repository's address names a ref: after # or in
// the query, as BuildKit reads both.
func pinnedGit(v string) bool {
	address, fragment, _ := strings.Cut(v, "#")
	ref, _, _ := strings.Cut(fragment, ":")
	_, query, _ := strings.Cut(address, "?")
	return ref != "" || strings.Contains(query, "ref=") || strings.Contains(query, "tag=") ||
		strings.Contains(query, "branch=") || strings.Contains(query, "commit=") || strings.Contains(query, "checksum=")
}
