package ruletest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/rule"
)

// Listed checks that rules, the list of the package in the current folder,
// holds every rule its files declare, sorted by name, and that each lies in the
// file of its name. A rule outside the list would never run.
func Listed(t *testing.T, rules []*rule.Rule) {
	t.Helper()
	if !slices.IsSortedFunc(rules, func(a, b *rule.Rule) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the list is not sorted by name")
	}
	listed := map[string]bool{}
	for _, r := range rules {
		listed[r.Name] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, name := range declares(t, file) {
			declared++
			if !listed[name] {
				t.Errorf("%s declares the rule %s, which is not listed", file, name)
			}
			if want := strings.ReplaceAll(name, "-", "_") + ".go"; file != want {
				t.Errorf("the rule %s is in %s, want %s", name, file, want)
			}
		}
	}
	if declared != len(rules) {
		t.Errorf("%d rules are declared, %d are listed", declared, len(rules))
	}
}

// declares returns the names of the rules a file declares.
func declares(t *testing.T, file string) []string {
	t.Helper()
	syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(syntax, func(n ast.Node) bool {
		lit, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		sel, ok := lit.Type.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Rule" {
			return true
		}
		for _, e := range lit.Elts {
			kv, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Name" {
				if value, ok := kv.Value.(*ast.BasicLit); ok {
					names = append(names, strings.Trim(value.Value, `"`))
				}
			}
		}
		return true
	})
	return names
}
