package build

import (
	_ "embed"
	"slices"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed unpinned_dependency.txtar
var unpinnedDependencyDoc string

var unpinnedDependency = &rule.Rule{
	Name:     "unpinned-dependency",
	Summary:  "packages of a language are installed without a version",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3013", "hadolint DL3016", "hadolint DL3028", "hadolint DL3062", "kics unpinned_package_version_in_pip_install", "kics npm_install_without_pinned_version", "kics gem_install_without_version"},
	Doc:      unpinnedDependencyDoc,
	Build:    checkUnpinnedDependency,
}

func checkUnpinnedDependency(p *rule.Pass, b *model.Build) {
	for c := range commands(b, everyStage) {
		k, ok := packageCall(c)
		if !ok {
			continue
		}
		var names []string
		var first model.Place
		for _, i := range unpinnedOperands(k) {
			if len(names) == 0 {
				first = k.Words[i].Place()
			}
			names = append(names, k.Words[i].Value)
		}
		if len(names) > 0 {
			p.Reportf(first, "%s installs %s without a version", k.tool, list(names))
		}
	}
}

// unpinnedOperands returns the indexes of the words that name a package of a
// language without its version.
func unpinnedOperands(k call) []int {
	var out []int
	for _, i := range packages(k) {
		if w := k.Words[i]; w.Known() && !pinnedDependency(k, w.Value) {
			out = append(out, i)
		}
	}
	return out
}

// packages returns the indexes of the words that name what k installs, none
// where a flag says which versions.
func packages(k call) []int {
	switch k.tool {
	case "pip", "pipx":
		if k.installs() && k.Flag("-r", "--requirement", "-c", "--constraint") < 0 {
			return k.operands
		}
	case "gem":
		if k.installs() && k.Flag("-v", "--version") < 0 {
			return slices.DeleteFunc(slices.Clone(k.operands), func(i int) bool {
				return k.Arg(i) == "true" || k.Arg(i) == "false" // of a flag before it
			})
		}
	case "npm", "pnpm":
		if k.installs() {
			return k.operands
		}
	case "yarn":
		if k.verb == "add" {
			return k.operands
		}
		if k.verb == "global" && len(k.operands) > 0 && k.Arg(k.operands[0]) == "add" {
			return k.operands[1:]
		}
	case "go":
		switch k.verb {
		case "run":
			return k.operands[:min(1, len(k.operands))]
		case "get", "install":
			return k.operands
		}
	}
	return nil
}

// pinnedDependency reports whether operand says which version to install, or
// is not a package of an index.
func pinnedDependency(k call, operand string) bool {
	switch k.tool {
	case "pip", "pipx":
		return pinnedPython(operand)
	case "npm", "yarn", "pnpm":
		return pinnedNode(operand)
	case "gem":
		return strings.Contains(operand, ":") || localPackage(operand)
	case "go":
		return pinnedGo(k, operand)
	}
	return true
}

func pinnedPython(operand string) bool {
	if strings.HasPrefix(operand, "git+") || strings.HasPrefix(operand, "hg+") {
		_, rest, _ := strings.Cut(operand, "://")
		_, ref, ok := strings.Cut(rest[strings.IndexByte(rest, '/')+1:], "@")
		return ok && ref != ""
	}
	return strings.ContainsAny(operand, "=<>~!@/") || localPackage(operand)
}

func pinnedNode(operand string) bool {
	if strings.HasPrefix(operand, "git") && strings.Contains(operand, ":") {
		return strings.Contains(operand, "#")
	}
	if localPackage(operand) || strings.HasPrefix(operand, "file:") {
		return true
	}
	_, version, ok := strings.Cut(operand[1:], "@") // the first @ is that of a scope
	return ok && version != "latest" && version != "next"
}

func pinnedGo(k call, operand string) bool {
	if module, version, ok := strings.Cut(operand, "@"); ok {
		return version != "latest" || localPackage(module)
	}
	// Without a version, install and run take that of go.mod; outside a
	// module they fail.
	return k.verb != "get" || localPackage(operand) || strings.Contains(operand, "...")
}
