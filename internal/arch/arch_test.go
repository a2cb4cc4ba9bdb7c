package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"
)

const module = "bulkhead/"

// layers lists the packages from the bottom up. A package imports packages of
// lower layers only. A trailing slash covers every package beneath.
var layers = [][]string{
	{"internal/source", "internal/cache", "internal/nearest", "internal/parallel", "internal/catalog/gen/table"},
	{"internal/model", "internal/catalog/gen"},
	{"internal/finding", "internal/frontend/internal/"},
	{"internal/oci", "internal/oci/ocitest", "internal/catalog", "internal/secret", "internal/kernel", "internal/vuln", "internal/falco", "internal/frontend/dockerfile/shell", "internal/frontend/document"},
	{"internal/inventory", "internal/origin", "internal/sensor", "internal/frontend/"},
	{"internal/frontend/admission", "internal/frontend/apirequest", "internal/contents", "internal/vex", "internal/upgrade", "internal/project", "internal/engine", "internal/sbom", "internal/resolve"},
	{"internal/enginetest", "internal/rule"},
	{"internal/config"},
	{"internal/report"},
	{"internal/suppress", "internal/rules/", "internal/policy"},
	{"internal/check"},
	{"internal/fix", "internal/guard/"},
	{"internal/ruletest", "internal/report/reporttest", "internal/learn"},
	{"internal/report/"},
	{"internal/rules"},
	{"internal/guard", "internal/watch"},
	{"internal/guard/proxy"},
	{"internal/cli", "internal/rules/gen", "internal/servicetest", "internal/kerneltest/plan"},
	{"internal/agreement", "internal/cases", "internal/imagetest", "internal/kerneltest", "internal/kerneltest/guest", "cmd/", "scripts/"},
}

// layerOf returns the layer of pkg: that of its own name, else of the longest
// folder it is in, else -1.
func layerOf(pkg string) int {
	layer, longest := -1, 0
	for i, names := range layers {
		for _, n := range names {
			if pkg == n {
				return i
			}
			if strings.HasSuffix(n, "/") && strings.HasPrefix(pkg, n) && len(n) > longest {
				layer, longest = i, len(n)
			}
		}
	}
	return layer
}

func TestLayers(t *testing.T) {
	documented := map[string]bool{}
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		pkg := path.Dir(name)
		documented[pkg] = documented[pkg] || f.Doc != nil
		if pkg == "internal/arch" {
			return nil
		}
		from := layerOf(pkg)
		if from < 0 {
			t.Errorf("%s is in no layer: add it to layers", pkg)
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			if to, ok := strings.CutPrefix(p, module); ok && layerOf(to) >= from {
				t.Errorf("%s imports %s: imports go down only", name, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", pkg)
		}
	}
}
