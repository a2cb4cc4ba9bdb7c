package policy

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"bulkhead/internal/frontend/document"
	"bulkhead/internal/source"
)

// readData reads what policies see as data: a file's content at the root, that
// of a file in a folder below the folder's name.
func readData(paths []string) (map[string]any, error) {
	out := map[string]any{}
	for _, p := range paths {
		files, err := readFiles([]string{p}, ".yaml", ".yml", ".json")
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			rel, err := filepath.Rel(p, f.Path)
			if err != nil {
				return nil, fmt.Errorf("read data: %w", err)
			}
			if err := addData(out, f, path.Dir(filepath.ToSlash(rel))); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func addData(out map[string]any, f *source.File, folder string) error {
	docs, errs := document.Read(f)
	for _, e := range errs {
		return e
	}
	for _, d := range docs {
		if d.Kind != document.Object {
			return fault("data is an object", d)
		}
		v, err := ast.JSON(term(d).Value)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		at := out
		for part := range strings.SplitSeq(folder, "/") {
			if part == "." || part == ".." {
				continue
			}
			next, ok := at[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[part] = next
			}
			at = next
		}
		given, _ := v.(map[string]any)
		if name := join(at, given); name != "" {
			return fmt.Errorf("read %s: data has %s twice", f.Name, name)
		}
	}
	return nil
}

// join adds b to a and returns the name both give a value to, "" for none.
func join(a, b map[string]any) string {
	for k, v := range b {
		old, ok := a[k]
		if !ok {
			a[k] = v
			continue
		}
		x, ok1 := old.(map[string]any)
		y, ok2 := v.(map[string]any)
		if !ok1 || !ok2 {
			return k
		}
		if name := join(x, y); name != "" {
			return k + "." + name
		}
	}
	return ""
}
