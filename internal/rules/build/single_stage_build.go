package build

import (
	_ "embed"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed single_stage_build.txtar
var singleStageBuildDoc string

var singleStageBuild = &rule.Rule{
	Name:     "single-stage-build",
	Summary:  "the image is the machine the program was built on",
	Severity: finding.Low,
	Gain:     "build and change programs inside the container",
	Doc:      singleStageBuildDoc,
	Build:    checkSingleStageBuild,
}

func checkSingleStageBuild(p *rule.Pass, b *model.Build) {
	if len(b.Stages) != 1 {
		return
	}
	for c := range commands(b, everyStage) {
		if !compiles(c) {
			continue
		}
		for _, other := range c.Script.Commands {
			if k, ok := packageCall(step{other, c.Run, c.Script}); ok && k.removes() {
				return
			}
		}
		p.Report(rule.At(c.Span), "the program is built in the stage that becomes the image")
		return
	}
}

// compiles reports whether c turns sources into a program.
func compiles(c step) bool {
	switch c.Name {
	case "gcc", "g++", "cc", "c++", "clang", "rustc", "javac":
		return c.Flag("--version", "-v") < 0
	case "make":
		return c.Flag("install", "clean", "--version") < 0
	case "mvn", "mvnw", "gradle", "gradlew":
		return c.Flag("package", "install", "verify", "build", "assemble", "bootJar", "shadowJar") > 0
	case "go", "cargo", "swift":
		return c.Arg(1) == "build"
	case "dotnet":
		return c.Arg(1) == "build" || c.Arg(1) == "publish"
	case "cmake":
		return c.Flag("--build") > 0
	case "npm", "pnpm":
		return c.Arg(1) == "run" && strings.HasPrefix(c.Arg(2), "build")
	case "yarn":
		return c.Arg(1) == "build" || c.Arg(1) == "run" && strings.HasPrefix(c.Arg(2), "build")
	}
	return false
}
