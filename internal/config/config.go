// Package config reads .bulkhead.yaml, the file in which a project says what
// it decided about Bulkhead.
package config

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
	"bulkhead/internal/source"
)

// Name is the name of the configuration's file.
const Name = ".bulkhead.yaml"

// maxSize is the largest configuration that is read, in bytes.
const maxSize = 1 << 20

// A Config is what a configuration says. The zero Config says nothing.
type Config struct {
	File *source.File // nil where there is none

	Edition    string                        // rules newer than it are info; empty holds no rule back
	FailOn     model.Fact[finding.Severity]  // Unset where it is not said
	Exclude    []string                      // patterns of files that are not looked at; see Match
	Registries model.List[string]            // image prefixes that are trusted
	Rules      map[string]model.Fact[Choice] // by the name of the rule
	Suppress   []Suppression
	Formats    []string // as -o takes them: "text", "sarif=out.sarif"
}

// A Choice is what a configuration says about one rule.
type Choice struct {
	Off      bool
	Severity finding.Severity // where Off is not set
}

// A Suppression silences findings by what they are about.
type Suppression struct {
	Rules   []string // names of rules; never empty
	Path    string   // pattern of the file's name, or the text of a place without text; empty is everywhere
	Subject string   // pattern of the subject; empty is any
	Until   time.Time
	Owner   string
	Reason  string // never empty
	Span    source.Span
}

// Covers reports whether s is about f, whatever the date.
func (s *Suppression) Covers(f *finding.Finding) bool {
	named := false
	for _, name := range s.Rules {
		named = named || name == f.Rule
	}
	if !named || s.Subject != "" && !Match(s.Subject, f.Subject) {
		return false
	}
	if s.Path == "" {
		return true
	}
	if f.Span.IsValid() {
		return Match(s.Path, f.Span.File.Name)
	}
	return s.Path == f.Path
}

// Find returns the path of the configuration that holds for directory dir:
// the one in it or in the nearest directory above it, up to the top of the
// repository. It returns "" where there is none.
func Find(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		path := filepath.Join(dir, Name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return ""
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

// Load reads the configuration at path; rules are all there are. Its errors
// are source.SyntaxErrors, joined, but for files that cannot be read.
func Load(path string, rules []*rule.Rule) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSize {
		return nil, fmt.Errorf("read configuration: %s is no file of at most %d bytes", path, maxSize)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	f := source.NewFile(printed(path), text)
	f.Path = path
	return Read(f, rules)
}

// printed returns path as people know it: relative to the working directory
// where it is below that.
func printed(path string) string {
	if wd, err := os.Getwd(); err == nil && filepath.IsAbs(path) {
		if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
			path = rel
		}
	}
	return filepath.ToSlash(path)
}
