package contents

import (
	"path"
	"slices"
	"strings"

	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// codeFile reports whether name is that of a program in a language that an
// interpreter runs, and not of somebody else's module.
func codeFile(name string) bool {
	switch path.Ext(name) {
	case ".js", ".mjs", ".cjs", ".py", ".rb", ".php", ".pl", ".jar", ".sh":
		return !strings.Contains(name, "node_modules/") && !strings.Contains(name, "-packages/")
	}
	return false
}

// changeable reports whether others than root may change e, in a way that its
// being kept is worth it: the code that an interpreter runs is not executable.
func changeable(e *oci.Entry) bool { return (e.UID != 0 || e.Mode&0o020 != 0) && codeFile(e.Name) }

// code returns the file that an interpreter is started with: the first argument
// that is a file of its language. Nil where there is none, or only root may
// change it.
func (t *tree) code(config *model.ImageConfig) *model.File {
	args := config.Entrypoint.Value.Args
	if config.Entrypoint.Value.Shell || config.Command.Value.Shell || !config.Command.Known() {
		return nil
	}
	args = append(slices.Clip(args), config.Command.Value.Args...)
	for _, a := range args[min(1, len(args)):] {
		switch {
		case !codeFile(a):
			continue
		case !path.IsAbs(a):
			a = "/" + config.WorkingDir.Value + "/" + a
		}
		if len(a) > maxPath {
			return nil
		}
		if f, _ := t.find(path.Clean(a)); f != nil {
			return fileOf(f.Entry)
		}
		return nil
	}
	return nil
}
