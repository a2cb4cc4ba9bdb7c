package vuln

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// vectorFiles are the pairs of versions that the module we order versions by ships
// for each ecosystem. Most were ordered by the ecosystem's own tool.
var vectorFiles = []struct {
	ecosystem string
	files     []string
}{
	{"Alpine:v3.20", []string{"alpine-versions.txt", "alpine-versions-generated.txt"}},
	{"CRAN", []string{"cran-versions.txt", "cran-versions-generated.txt"}},
	{"Debian:12", []string{"debian-versions.txt", "debian-versions-generated.txt"}},
	{"Ubuntu:24.04", []string{"debian-versions.txt"}},
	{"Go", []string{"semver-versions.txt"}},
	{"Hackage", []string{"hackage-versions.txt"}},
	{"Hex", []string{"semver-versions.txt"}},
	{"Maven", []string{"maven-versions.txt", "maven-versions-generated.txt"}},
	{"NuGet", []string{"nuget-versions.txt"}},
	{"Packagist", []string{"packagist-versions.txt", "packagist-versions-generated.txt"}},
	{"Pub", []string{"pub-versions.txt"}},
	{"PyPI", []string{"pypi-versions.txt", "pypi-versions-generated.txt"}},
	{"Red Hat", []string{"redhat-versions.txt"}},
	{"Rocky Linux:9", []string{"redhat-versions.txt"}},
	{"AlmaLinux:9", []string{"redhat-versions.txt"}},
	{"RubyGems", []string{"rubygems-versions.txt", "rubygems-versions-generated.txt"}},
	{"crates.io", []string{"semver-versions.txt"}},
	{"npm", []string{"semver-versions.txt"}},
}

// TestVectors orders the pairs as the matcher does, both ways round.
func TestVectors(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/google/osv-scalibr").Output()
	if err != nil {
		t.Skipf("no vectors: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "semantic/testdata")
	seen := map[string]bool{}
	for _, v := range vectorFiles {
		t.Run(v.ecosystem, func(t *testing.T) {
			pairs := 0
			for _, name := range v.files {
				seen[name] = true
				text, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(string(text)) {
					line = strings.TrimSpace(line)
					f := strings.Fields(line)
					if len(f) != 3 || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "#") {
						continue
					}
					pairs++
					want := strings.Index("<=>", f[1]) - 1
					if got := ordered(t, v.ecosystem, [2]string{f[0], f[2]}); got != want {
						t.Errorf("%s: %s: got %d, want %d", name, line, got, want)
					}
					if got := ordered(t, v.ecosystem, [2]string{f[2], f[0]}); got != -want {
						t.Errorf("%s: %s, turned: got %d, want %d", name, line, got, -want)
					}
				}
			}
			t.Logf("%d pairs", pairs)
			if pairs < 10 {
				t.Errorf("got %d pairs, want 10 at least", pairs)
			}
		})
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f.Name()] {
			t.Errorf("%s is compared with nothing", f.Name())
		}
	}
}
