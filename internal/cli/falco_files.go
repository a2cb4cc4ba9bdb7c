package cli

import (
	_ "embed" // the default rules
	"fmt"
	"os"
	"path/filepath"

	"bulkhead/internal/source"
)

// watchRules are the rules that bulkhead watch has by itself.
//
//go:embed watch_rules.yaml
var watchRules []byte

// defaultRules is what watchRules are called, so that others can follow them.
const defaultRules = "default"

// ruleFiles reads the files that names name; of a folder, its YAML files.
func ruleFiles(names []string) ([]*source.File, error) {
	if len(names) == 0 {
		return nil, usage("", "falco needs a file with rules")
	}
	var files []*source.File
	for _, name := range names {
		if name == defaultRules {
			files = append(files, source.NewFile("default rules", watchRules))
			continue
		}
		found, err := ruleFilesIn(name)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			text, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			files = append(files, source.NewFile(filepath.ToSlash(f), text))
		}
	}
	return files, nil
}

// ruleFilesIn returns the YAML files of the folder name, or name where it is none.
func ruleFilesIn(name string) ([]string, error) {
	if info, err := os.Stat(name); err != nil || !info.IsDir() {
		return []string{name}, nil //nolint:nilerr // reading it says what is wrong
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".yaml" || ext == ".yml") {
			found = append(found, filepath.Join(name, e.Name()))
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no rule files in %s", name)
	}
	return found, nil
}
