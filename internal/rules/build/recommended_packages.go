package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed recommended_packages.txtar
var recommendedPackagesDoc string

var recommendedPackages = &rule.Rule{
	Name:     "recommended-packages",
	Summary:  "apt installs packages nobody asked for",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3015", "trivy DS-0029", "kics apt_get_not_avoiding_additional_packages", "dockle CIS-DI-0003", "CIS-Docker 4.3"},
	Doc:      recommendedPackagesDoc,
	Build:    checkRecommendedPackages,
}

func checkRecommendedPackages(p *rule.Pass, b *model.Build) {
	for c := range commands(b, shippedStage) {
		k, ok := packageCall(c)
		if !ok || k.family() != "apt" || !k.installs() || k.open || len(k.operands) == 0 ||
			k.has("--no-install-recommends", "--install-recommends", "--without-recommends") ||
			k.tool == "aptitude" && k.has("-R") || recommendsOff(c.Run) {
			continue
		}
		p.Report(c.Words[k.at].Place(), k.tool+" installs recommended packages as well",
			finding.Fix{Message: "install only what is asked for", Edits: k.insert(withoutRecommends(k.tool))})
	}
}

func withoutRecommends(tool string) string {
	if tool == "aptitude" {
		return "--without-recommends"
	}
	return "--no-install-recommends"
}

// recommendsOff reports whether run, or a RUN before it in its stage, sets
// apt's own configuration not to install recommended packages.
func recommendsOff(run *model.Instruction) bool {
	for _, i := range run.Stage.Instructions {
		if i.Name == "RUN" && strings.Contains(strings.ToLower(i.Span.Text()), "install-recommends") && !strings.Contains(i.Span.Text(), "--no-install-recommends") {
			return true
		}
		if i == run {
			break
		}
	}
	return false
}
