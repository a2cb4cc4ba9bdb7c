// Command gen writes docs/rules: one page per rule, made from the rule and its
// archive, and the table of rules and surfaces.
//
// Run it from the root of the project: go run ./internal/rules/gen.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run("docs/rules"); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run makes the folder dir hold the pages and nothing else.
func run(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	want := pages()
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range old {
		if _, ok := want[f.Name()]; !ok {
			errs = append(errs, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	for name, text := range want {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return errors.Join(errs...)
}
