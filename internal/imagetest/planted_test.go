package imagetest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A planted is a package that a record names, in a version it affects and in the
// first it does not.
type planted struct {
	name, bad, good string
	names           []string // of the advisory
}

// choose returns up to 30 packages of an ecosystem that one record with a single
// range names.
func choose(t *testing.T, ecosystem, lowest string) []planted {
	t.Helper()
	var out []planted
	seen := map[string]bool{}
	for _, r := range records(t, ecosystem) {
		if len(out) == 30 {
			break
		}
		if r.Withdrawn != "" || len(r.Affected) != 1 || len(r.Affected[0].Ranges) != 1 || strings.HasPrefix(r.ID, "MAL-") {
			continue
		}
		a := r.Affected[0]
		events := a.Ranges[0].Events
		if a.Ranges[0].Type == "GIT" || len(events) != 2 || events[1]["fixed"] == "" || seen[a.Package.Name] {
			continue
		}
		seen[a.Package.Name] = true
		p := planted{name: a.Package.Name, bad: events[0]["introduced"], good: events[1]["fixed"]}
		if p.bad == "0" {
			p.bad = lowest
		}
		p.names = append(append([]string{r.ID}, r.Aliases...), r.Upstream...)
		out = append(out, p)
	}
	return out
}

// languages are the ecosystems to plant in: the version below all others, and the
// file that says a package is installed.
var languages = []struct {
	ecosystem, lowest string
	file              func(name, version string) (path, text string)
}{
	{"npm", "0.0.0", func(name, version string) (string, string) {
		return "srv/node_modules/" + name + "/package.json", fmt.Sprintf(`{"name":%q,"version":%q}`, name, version)
	}},
	{"PyPI", "0.dev0", func(name, version string) (string, string) {
		return fmt.Sprintf("usr/lib/python3/site-packages/%s-%s.dist-info/METADATA", name, version), fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n\n", name, version)
	}},
	{"RubyGems", "0", func(name, version string) (string, string) {
		return fmt.Sprintf("var/lib/gems/3.1.0/specifications/%s-%s.gemspec", name, version),
			fmt.Sprintf("Gem::Specification.new do |s|\n  s.name = %q.freeze\n  s.version = %q\nend\n", name, version)
	}},
	{"crates.io", "0.0.0", func(name, version string) (string, string) {
		return "srv/" + name + "/Cargo.lock", fmt.Sprintf("version = 3\n\n[[package]]\nname = %q\nversion = %q\nsource = \"registry+https://example.test/index\"\n", name, version)
	}},
	{"Packagist", "0.0.0", func(name, version string) (string, string) {
		return "srv/" + name + "/vendor/composer/installed.json", fmt.Sprintf(`{"packages":[{"name":%q,"version":%q}]}`, name, version)
	}},
}

// TestPlanted plants packages of five languages in images, in versions that
// records name and in those that cure them: the first are found, the second not.
func TestPlanted(t *testing.T) {
	bad, good := map[string]string{}, map[string]string{}
	chosen := map[string][]planted{}
	for _, l := range languages {
		chosen[l.ecosystem] = choose(t, l.ecosystem, l.lowest)
		for _, p := range chosen[l.ecosystem] {
			name, text := l.file(p.name, p.bad)
			bad[name] = text
			name, text = l.file(p.name, p.good)
			good[name] = text
		}
	}
	inBad, inGood := checkFiles(t, "bad", bad), checkFiles(t, "good", good)
	for _, l := range languages {
		found := 0
		for _, p := range chosen[l.ecosystem] {
			if reported(inBad, p, p.bad) {
				found++
			} else {
				t.Errorf("%s: %s %s has %v, which is not found", l.ecosystem, p.name, p.bad, p.names)
			}
			if reported(inGood, p, p.good) {
				t.Errorf("%s: %s %s is cured of %v, which is found", l.ecosystem, p.name, p.good, p.names)
			}
		}
		t.Logf("%s: %d of %d planted packages found, and none of their cured versions", l.ecosystem, found, len(chosen[l.ecosystem]))
		if len(chosen[l.ecosystem]) < 20 {
			t.Errorf("%s: %d packages planted, want 20 at least", l.ecosystem, len(chosen[l.ecosystem]))
		}
	}
}

// checkFiles checks an image of files.
func checkFiles(t *testing.T, name string, files map[string]string) []finding {
	t.Helper()
	b := &builder{t: t, ctx: t.Context(), work: t.TempDir()}
	if err := os.MkdirAll(b.path("out/"+name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := b.files("files.tar", files); err != nil {
		t.Fatal(err)
	}
	if err := b.archive(name, nil, []step{{"COPY . / # buildkit", "files.tar"}}); err != nil {
		t.Fatal(err)
	}
	all, _ := check(t, filepath.Join(b.work, "out", name, "image.tar"))
	return all
}

// reported reports whether a finding is about the planted package and its advisory.
func reported(all []finding, p planted, version string) bool {
	return slices.ContainsFunc(all, func(f finding) bool {
		return f.Rule == "vulnerable-package" && slices.ContainsFunc(p.names, func(id string) bool {
			return strings.HasPrefix(f.Message, p.name+" "+version+" has "+id+";")
		})
	})
}
