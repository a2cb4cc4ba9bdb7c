package app

import (
	_ "embed"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed secret_in_file.txtar
var secretInFileDoc string

var secretInFile = &rule.Rule{
	Name:     "secret-in-file",
	Summary:  "a file of the project holds a secret",
	Severity: finding.High,
	Gain:     "use a secret that everybody who has the source can read",
	Prize:    finding.Secrets,
	Doc:      secretInFileDoc,
	Image:    checkSecretInFile,
}

func checkSecretInFile(p *rule.Pass, i *model.Image) {
	if i.Use != model.ProjectFiles {
		return
	}
	for _, s := range i.Secrets {
		shown := forShow(s.File)
		if shown && !s.Certain {
			continue // what looks like a secret is one in a test more often than not
		}
		f := p.Reportf(s.Place, "file holds %s (%s)", s.Kind, s.Shown)
		switch {
		case shown:
			f.Severity, f.Likely = finding.Low, true
		case !s.Certain:
			f.Severity, f.Likely = finding.Medium, true
		}
	}
}

// forShow reports whether a file is one of a test, an example or documentation,
// by its name or a folder's: what it holds is rarely meant to open anything.
func forShow(name string) bool {
	name = strings.ToLower(path.Clean(name))
	dir, base := path.Split(name)
	for folder := range strings.SplitSeq(dir, "/") {
		folder = strings.Trim(folder, "_")
		if strings.HasPrefix(folder, "test") {
			return true
		}
		switch folder {
		case "spec", "specs", "fixture", "fixtures", "mock", "mocks",
			"example", "examples", "sample", "samples", "demo", "demos", "doc", "docs", "e2e", "snapshots", "cassettes":
			return true
		}
	}
	switch path.Ext(base) {
	case ".md", ".rst", ".adoc", ".txtar", ".golden", ".snap", ".example", ".sample", ".template", ".tmpl", ".dist":
		return true
	}
	stem := strings.TrimSuffix(base, path.Ext(base))
	for _, ending := range [...]string{"_test", ".test", "-test", ".spec", "_spec", ".example", ".sample", "test"} {
		if strings.HasSuffix(stem, ending) {
			return true
		}
	}
	return strings.HasPrefix(stem, "test_") || strings.Contains(stem, "_test_") || strings.Contains(stem, "testdata")
}
