package dockerfile

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

var update = flag.Bool("update", false, "write the goldens")

// TestGolden compares the model of every Dockerfile in testdata with the text
// beside it. Comment lines give options: "arg NAME=value", "target NAME",
// "base" for a base image with a configuration.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Files) == 1 {
				a.Files = append(a.Files, txtar.File{Name: "model"})
			}
			if len(a.Files) != 2 {
				t.Fatalf("got %d files, want Dockerfile and model", len(a.Files))
			}
			got := printFacts(Read(source.NewFile("Dockerfile", a.Files[0].Data), options(string(a.Comment))))
			if *update {
				a.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(got, string(a.Files[1].Data)); d != "" {
				t.Errorf("model (-got +want):\n%s", d)
			}
		})
	}
}

func options(comment string) Options {
	var o Options
	for line := range strings.Lines(comment) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch verb {
		case "arg":
			name, value, _ := strings.Cut(rest, "=")
			if o.Args == nil {
				o.Args = map[string]string{}
			}
			o.Args[name] = value
		case "target":
			o.Target = rest
		case "base":
			o.Base = knownBase
		}
	}
	return o
}

// knownBase is the configuration of the images called known.
func knownBase(ref model.Reference) *model.ImageConfig {
	if ref.Repository != "library/known" {
		return nil
	}
	return &model.ImageConfig{
		OS: "linux", Arch: "arm64",
		User:    model.Fact[model.User]{Value: model.User{Name: "node", UID: 1000, GID: 1000}, State: model.Set, Path: "image known: Config.User"},
		Env:     []model.Variable{{Name: "PATH", Value: model.Fact[string]{Value: "/bin", State: model.Set}}},
		Exposed: []model.Port{{First: 80, Last: 80, Protocol: "tcp", State: model.Set}},
		Command: model.Fact[model.Argv]{Value: model.Argv{Args: []string{"node"}}, State: model.Set},
		Passwd:  map[string]model.User{"node": {Name: "node", UID: 1000, GID: 1000}},
	}
}
