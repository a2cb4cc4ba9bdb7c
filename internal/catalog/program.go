package catalog

import (
	"strings"
	"sync"

	"bulkhead/internal/model"
)

// programs are the tools an image can mostly do without once it is built, by
// name.
var programs = sync.OnceValue(func() map[string]model.ProgramKind {
	kinds := map[string]model.ProgramKind{}
	for kind, names := range map[model.ProgramKind]string{
		model.PackageManager: "apk apt apt-get aptitude composer dnf gem microdnf npm pacman pip pipenv pnpm poetry tdnf uv yarn yum zypper",
		model.BuildTool: "autoconf automake bazel cargo clang cmake g++ gcc gdb git go gradle hg javac libtool make meson mvn ninja " +
			"rustc svn",
	} {
		for n := range strings.FieldsSeq(names) {
			kinds[n] = kind
		}
	}
	return kinds
})

// Program tells what the program called base is for, and its name without a
// version: pip3.12 is pip. ok is false for programs that nobody minds.
func Program(base string) (name string, kind model.ProgramKind, ok bool) {
	name = strings.TrimSuffix(strings.TrimRight(base, "0123456789."), "-")
	kind, ok = programs()[name]
	return name, kind, ok
}
