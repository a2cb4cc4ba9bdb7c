package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unpinned_packages.txtar
var unpinnedPackagesDoc string

var unpinnedPackages = &rule.Rule{
	Name:     "unpinned-packages",
	Summary:  "packages of the distribution are installed without a version",
	Severity: finding.Info,
	Refs:     []string{"hadolint DL3008", "hadolint DL3018", "hadolint DL3033", "hadolint DL3037", "hadolint DL3041", "kics apt_get_install_pin_version_not_defined", "kics unpinned_package_version_in_apk_add", "kics yum_install_without_version", "kics missing_version_specification_in_dnf_install", "kics zypper_install_without_version"},
	Doc:      unpinnedPackagesDoc,
	Build:    checkUnpinnedPackages,
}

func checkUnpinnedPackages(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		k, ok := packageCall(c)
		if !ok || !k.installs() || family(k.tool) == "apt" && k.has("-t", "--target-release") {
			continue
		}
		var names []string
		var first model.Place
		for _, i := range k.operands {
			w := k.Words[i]
			if !w.Known() || localPackage(w.Value) || pinnedPackage(k.family(), w.Value) {
				continue
			}
			if len(names) == 0 {
				first = w.Place()
			}
			names = append(names, w.Value)
		}
		if len(names) > 0 {
			p.Reportf(first, "%s installs %s without a version", k.tool, list(names))
		}
	}
}

// pinnedPackage reports whether operand says which version to install, or is
// not one package. Tools that are not those of a distribution are pinned here.
func pinnedPackage(family, operand string) bool {
	switch family {
	case "apt":
		return strings.ContainsAny(operand, "=/") || strings.HasSuffix(operand, "-")
	case "apk":
		return strings.ContainsAny(operand, "=~<>!")
	case "rpm":
		return operand[0] == '@' || namesVersion(operand) || strings.Contains(operand, ":")
	case "zypper":
		return strings.ContainsAny(operand, "=<>") || operand[0] == '@'
	}
	return true
}

// namesVersion reports whether an RPM operand holds a version: a part after a
// dash that starts with a digit.
func namesVersion(operand string) bool {
	for i := 1; i+1 < len(operand); i++ {
		if operand[i] == '-' && operand[i+1] >= '0' && operand[i+1] <= '9' {
			return true
		}
	}
	return strings.Contains(operand, "=")
}
