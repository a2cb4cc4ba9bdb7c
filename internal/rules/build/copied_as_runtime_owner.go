package build

import (
	_ "embed"
	"strconv"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed copied_as_runtime_owner.txtar
var copiedAsRuntimeOwnerDoc string

var copiedAsRuntimeOwner = &rule.Rule{
	Name:     "copied-as-runtime-owner",
	Summary:  "the program can change its own files",
	Severity: finding.Info,
	Refs:     []string{"kics chown_flag_exists"},
	Gain:     "replace the program, so that it stays after a restart",
	Doc:      copiedAsRuntimeOwnerDoc,
	Build:    checkCopiedAsRuntimeOwner,
}

func checkCopiedAsRuntimeOwner(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, shippedStage, "COPY", "ADD") {
		f := flag(i, "chown")
		user := b.Target.User
		if f == nil || !f.Value.Known() || user.State != model.Set || user.Value.Root() {
			continue
		}
		owner, _, _ := strings.Cut(f.Value.Value, ":")
		runs, _, _ := strings.Cut(user.Value.Name, ":")
		if owner == runs && owner != "" || strconv.FormatInt(user.Value.UID, 10) == owner {
			fix := rule.Do(f.Value.Delete, "leave the files to root")
			p.Report(f.Value.Place(), i.Name+" gives files to the user the program runs as", fix)
		}
	}
}
