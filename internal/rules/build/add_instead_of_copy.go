package build

import (
	_ "embed"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed add_instead_of_copy.txtar
var addInsteadOfCopyDoc string

var addInsteadOfCopy = &rule.Rule{
	Name:     "add-instead-of-copy",
	Summary:  "ADD is used where COPY does",
	Severity: finding.Low,
	Refs:     []string{"hadolint DL3020", "trivy DS-0005", "kics add_instead_of_copy", "checkov CKV_DOCKER_4", "dockle CIS-DI-0009", "CIS-Docker 4.9"},
	Doc:      addInsteadOfCopyDoc,
	Build:    checkAddInsteadOfCopy,
}

func checkAddInsteadOfCopy(p *rule.Pass, b *model.Build) {
	for i := range instructions(b, everyStage, "ADD") {
		if len(i.Words) < 2 {
			continue
		}
		plain := true
		for _, w := range i.Words[:len(i.Words)-1] {
			plain = plain && w.Known() && !isURL(w.Value) && !isGit(w.Value) && !isArchive(w.Value)
		}
		if !plain {
			continue
		}
		fix := finding.Fix{Message: "use COPY"}
		if flag(i, "checksum") == nil && flag(i, "unpack") == nil && flag(i, "keep-git-dir") == nil {
			fix = rule.Safe(finding.Fix{Message: "use COPY", Edits: replace(i.Keyword, sameCase(i.Keyword.Text(), "COPY"))})
		}
		p.Report(rule.At(i.Keyword), "ADD copies a file that COPY would", fix)
	}
}

// isArchive reports whether ADD unpacks a file called name. A pattern, or a
// directory, may hold one.
func isArchive(name string) bool {
	if strings.ContainsAny(name, "*?[") {
		base := path.Base(name)
		return base[len(base)-1] == '*' || strings.Contains(base, ".t")
	}
	switch path.Ext(strings.ToLower(name)) {
	case ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".tzst", ".lz", ".lzma", ".z":
		return true
	}
	return false
}

// sameCase returns keyword in the case the file writes its own in.
func sameCase(written, keyword string) string {
	if written == strings.ToLower(written) {
		return strings.ToLower(keyword)
	}
	return keyword
}
