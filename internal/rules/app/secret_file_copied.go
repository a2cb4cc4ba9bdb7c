package app

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed secret_file_copied.txtar
var secretFileCopiedDoc string

var secretFileCopied = &rule.Rule{
	Name:     "secret-file-copied",
	Summary:  "a file with credentials is copied into the image",
	Severity: finding.Critical,
	Refs:     []string{"dockle CIS-DI-0010", "trivy DS-0031", "CIS-Docker 4.10"},
	Gain:     "use credentials that everybody who pulls the image can read",
	Prize:    finding.Secrets,
	Doc:      secretFileCopiedDoc,
	Build:    checkSecretFileCopied,
}

func checkSecretFileCopied(p *rule.Pass, b *model.Build) {
	for _, s := range b.Stages {
		for n, i := range s.Instructions {
			for _, c := range copiedSecrets(b, i) {
				if removedAfter(s.Instructions[n+1:], c.target) != nil {
					continue // secret-removed-too-late says what that does not cure
				}
				f := p.Report(c.source.Place(), fmt.Sprintf("%s, %s, stays in the image", c.source.Value, c.kind))
				f.Likely = f.Likely || c.likely
				weigh(f, i)
			}
		}
	}
}

// A copied file is one that COPY or ADD puts into a stage.
type copied struct {
	source model.Word
	target string // its path in the stage, relative where the working directory is not known
	kind   string
	likely bool
}

// copiedSecrets returns the credentials that i copies from the build context
// or from another stage.
func copiedSecrets(b *model.Build, i *model.Instruction) []copied {
	if i.Name != "COPY" && i.Name != "ADD" || len(i.Words) < 2 {
		return nil
	}
	fromStage := false
	for _, f := range i.Flags {
		fromStage = fromStage || f.Name == "from"
	}
	last := len(i.Words) - 1
	to := i.Words[last].Value
	var out []copied
	for _, w := range i.Words[:last] {
		if !w.Known() || strings.Contains(w.Value, "://") || strings.HasPrefix(w.Value, "<<") {
			continue
		}
		kind, likely := credentialFile(w.Value)
		if kind == "" || !fromStage && ignored(b, w.Value) {
			continue
		}
		target := to
		if strings.HasSuffix(to, "/") || last > 1 || path.Base(to) == "." {
			target = path.Join(to, path.Base(w.Value))
		}
		out = append(out, copied{w, target, kind, likely})
	}
	return out
}

// ignored reports whether the build context leaves name out.
func ignored(b *model.Build, name string) bool {
	return b.Ignore != nil && b.Ignore.Matches != nil && b.Ignore.Matches(strings.TrimPrefix(path.Clean(name), "/"))
}
