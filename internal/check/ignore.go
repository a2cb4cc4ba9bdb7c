package check

import (
	"bytes"
	"os"
	"path"
	"path/filepath"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// ignore returns what the build context leaves out: the Dockerfile's own
// ignore file where there is one, else .dockerignore. It is never nil for a
// context that exists: without a file nothing is left out.
func ignore(context, dockerfile string) *model.Ignore {
	if info, err := os.Stat(filepath.FromSlash(context)); err != nil || !info.IsDir() {
		return nil
	}
	for _, name := range []string{dockerfile + ".dockerignore", path.Join(context, ".dockerignore")} {
		text, err := readFile(filepath.FromSlash(name))
		if err != nil {
			continue
		}
		f := source.NewFile(name, text)
		f.Path = filepath.FromSlash(name)
		return &model.Ignore{File: f, Matches: matcher(text)}
	}
	return &model.Ignore{Matches: func(string) bool { return false }}
}

func matcher(text []byte) func(string) bool {
	none := func(string) bool { return false }
	patterns, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return none
	}
	m, err := patternmatcher.New(patterns)
	if err != nil {
		return none
	}
	return func(p string) bool {
		ok, err := m.MatchesOrParentMatches(p)
		return ok && err == nil
	}
}
