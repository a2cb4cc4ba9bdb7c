// Package config reads .bulkhead.yaml, the file in which a project says what
// it decided about Bulkhead.
package config

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/moby/patternmatcher"

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
	FailOn     model.Fact[finding.Severity]  // Unset where it is not said; Never where FailOnKEV stands alone
	FailOnKEV  bool                          // vulnerabilities known to be exploited fail the check
	Exclude    []string                      // patterns of files that are not looked at, as in a .dockerignore
	Registries model.List[string]            // image prefixes that are trusted
	Rules      map[string]model.Fact[Choice] // by the name of the rule
	Suppress   []Suppression
	Formats    []string // as -o takes them: "text", "sarif=out.sarif"
}

// KEV is what names vulnerabilities that are known to be exploited where it is
// said what fails a check: the name of CISA's list of them.
const KEV = "kev"

// A Choice is what a configuration says about one rule.
type Choice struct {
	Off      bool
	Severity finding.Severity // where Off is not set
}

// A Suppression silences findings by what they are about.
type Suppression struct {
	Rules   []string // names of rules; never empty
	Path    string   // pattern of the file's name, or the text of a place without text; empty is everywhere
	Subject string   // pattern of the subject as path.Match has it; empty is any
	Until   time.Time
	Owner   string
	Reason  string // never empty
	Span    source.Span

	files *patternmatcher.PatternMatcher // of Path
}

// Covers reports whether s is about f, whatever the date.
func (s *Suppression) Covers(f *finding.Finding) bool {
	if !slices.Contains(s.Rules, f.Rule) {
		return false
	}
	if ok, err := path.Match(s.Subject, f.Subject); s.Subject != "" && (!ok || err != nil) {
		return false
	}
	if s.Path == "" {
		return true
	}
	if f.Span.IsValid() {
		return s.CoversFile(f.Span.File.Name)
	}
	return s.Path == f.Path
}

// CoversFile reports whether s names a path that matches the file called name
// or a folder it is in.
func (s *Suppression) CoversFile(name string) bool {
	if s.files == nil {
		return false
	}
	ok, err := s.files.MatchesOrParentMatches(name)
	return ok && err == nil
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
		file := filepath.Join(dir, Name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
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

// Load reads the configuration called name; rules are all there are. Its errors
// are source.SyntaxErrors, joined, but for files that cannot be read.
func Load(name string, rules []*rule.Rule) (*Config, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSize {
		return nil, fmt.Errorf("read configuration: %s is no file of at most %d bytes", name, maxSize)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	f := source.NewFile(printed(name), text)
	f.Path = name
	return Read(f, rules)
}

// printed returns name as people know it: relative to the working directory
// where it is below that.
func printed(name string) string {
	if wd, err := os.Getwd(); err == nil && filepath.IsAbs(name) {
		if rel, err := filepath.Rel(wd, name); err == nil && filepath.IsLocal(rel) {
			name = rel
		}
	}
	return filepath.ToSlash(name)
}
