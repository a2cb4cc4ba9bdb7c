package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed build_tools_left.txtar
var buildToolsLeftDoc string

var buildToolsLeft = &rule.Rule{
	Name:     "build-tools-left",
	Summary:  "compilers and headers end up in the image",
	Severity: finding.Medium,
	Refs:     []string{"CIS-Docker 4.3"},
	Gain:     "build and change programs inside the container",
	Doc:      buildToolsLeftDoc,
	Build:    checkBuildToolsLeft,
}

func checkBuildToolsLeft(p *rule.Pass, b *model.Build) {
	if len(b.Stages) < 2 {
		return // see single-stage-build
	}
	for c := range commands(b, shippedStage) {
		k, ok := packageCall(c)
		if !ok || !k.installs() {
			continue
		}
		var names []string
		var first model.Place
		for _, i := range k.operands {
			name := bareName(k.Arg(i))
			if !buildTool(k.family(), name) || k.removedLater(name) {
				continue
			}
			if len(names) == 0 {
				first = k.Words[i].Place()
			}
			names = append(names, name)
		}
		if len(names) > 0 {
			p.Report(first, "tools to build with are installed in the image: "+list(names))
		}
	}
}

// buildTool reports whether a package of a distribution serves to build
// software.
func buildTool(family, name string) bool {
	switch family {
	case "apt", "apk", "rpm", "zypper":
	default:
		return false
	}
	switch name {
	case "build-essential", "build-base", "alpine-sdk", "gcc", "g++", "gcc-c++", "clang", "make", "cmake", "automake", "autoconf",
		"libtool", "ninja-build", "meson", "golang", "golang-go", "go", "cargo", "rustc", "rust", "maven", "gradle", "default-jdk",
		"default-jdk-headless", "linux-headers", "kernel-devel", "kernel-headers", "dpkg-dev", "devscripts", "debhelper", "rpm-build":
		return true
	}
	return strings.HasSuffix(name, "-dev") || strings.HasSuffix(name, "-devel") ||
		strings.HasPrefix(name, "openjdk") && strings.Contains(name, "jdk") && (strings.HasSuffix(name, "-jdk") || strings.HasSuffix(name, "-jdk-headless")) ||
		strings.HasPrefix(name, "java-") && strings.HasSuffix(name, "-devel")
}
