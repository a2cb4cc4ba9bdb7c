package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// heavy names the modules that one package each hides from the others.
var heavy = map[string][]string{
	"github.com/moby/moby/":                  {"internal/engine", "internal/enginetest"},
	"github.com/spf13/cobra":                 {"internal/cli"},
	"github.com/cilium/ebpf":                 {"internal/sensor"},
	"github.com/open-policy":                 {"internal/policy"},
	"github.com/moby/buildkit":               {"internal/frontend/dockerfile"},
	"github.com/google/go-containerregistry": {"internal/oci"},
}

// sources calls visit for every Go file of the project that is not a test.
func sources(t *testing.T, visit func(name string, f *ast.File)) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments)
		if err == nil {
			visit(name, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHeavyModules(t *testing.T) {
	sources(t, func(name string, f *ast.File) {
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			for module, owners := range heavy {
				owned := slices.ContainsFunc(owners, func(o string) bool { return strings.HasPrefix(name, o+"/") })
				if strings.HasPrefix(p, module) && !owned {
					t.Errorf("%s imports %s, which belongs to %s", name, p, owners)
				}
			}
		}
	})
}

// TestState fails on init functions and on package variables that some
// function changes.
func TestState(t *testing.T) {
	vars := map[string]map[string]bool{} // package, name
	files := map[string]*ast.File{}
	sources(t, func(name string, f *ast.File) {
		files[name] = f
		pkg := path.Dir(name)
		if vars[pkg] == nil {
			vars[pkg] = map[string]bool{}
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					t.Errorf("%s has an init function", name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.VAR {
						for _, n := range v.Names {
							vars[pkg][n.Name] = true
						}
					}
				}
			}
		}
	})
	for name, f := range files {
		for _, changed := range assigned(f) {
			if vars[path.Dir(name)][changed] {
				t.Errorf("%s changes the package variable %s", name, changed)
			}
		}
	}
}

// assigned returns the names that functions of f assign to and that are not
// their own.
func assigned(f *ast.File) []string {
	var names []string
	add := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.IndexExpr:
				e = x.X
				continue
			case *ast.Ident:
				if x.Obj == nil || f.Scope.Lookup(x.Name) == x.Obj {
					names = append(names, x.Name)
				}
			}
			return
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					add(e)
				}
			}
		case *ast.IncDecStmt:
			add(n.X)
		}
		return true
	})
	return names
}

func TestModules(t *testing.T) {
	src, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", src, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(mod.Replace) > 0 {
		t.Error("go.mod replaces a module")
	}
	page, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if !r.Indirect && !strings.Contains(string(page), "`"+r.Mod.Path+"`") {
			t.Errorf("ARCHITECTURE.md does not say why %s is a dependency", r.Mod.Path)
		}
	}
	if n := strings.Count(string(page), "\n"); n > 150 {
		t.Errorf("ARCHITECTURE.md has %d lines, want at most 150", n)
	}
}
