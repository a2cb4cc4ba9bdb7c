package inventory

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/model"
)

// output runs a command, and skips the test where it is not here.
func output(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s to compare with: %v", name, err)
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Skipf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// agree compares two sets of packages, and prints precision and recall.
func agree(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	got, want = slices.Compact(got), slices.Compact(want)
	both := 0
	for _, x := range got {
		if _, ok := slices.BinarySearch(want, x); ok {
			both++
		}
	}
	t.Logf("%s: %d packages, precision %d/%d, recall %d/%d", what, len(want), both, len(got), both, len(want))
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("%s: -got +want\n%s", what, diff)
	}
	if len(want) == 0 {
		t.Errorf("%s: nothing to compare", what)
	}
}

// named returns name, a tab and version of the packages that keep wants.
func named(inv *model.Inventory, keep func(*model.Package) bool) []string {
	var out []string
	for _, p := range inv.Packages {
		if keep(p) {
			out = append(out, p.Name+"\t"+p.Version)
		}
	}
	return out
}

// A world is what a machine has, packed up as an image: dpkg's database, the npm
// package manager with what it is made of, and Go programs.
type world struct {
	image    string
	status   string // dpkg's, which may change meanwhile
	npm      string // folder
	programs []string
}

// machine returns the world of this machine.
func machine(t testing.TB) *world {
	t.Helper()
	w := &world{}
	files, order := map[string]string{}, []string{}
	add := func(as, from string) {
		text, err := os.ReadFile(from)
		if err == nil {
			files[as], order = string(text), append(order, as)
		}
	}
	add("etc/os-release", "/etc/os-release")
	add("var/lib/dpkg/status", "/var/lib/dpkg/status")
	lists, _ := filepath.Glob("/var/lib/dpkg/info/lib*.list") // the pattern is a constant
	for _, l := range lists {
		add(l[1:], l)
	}
	base := order
	order = nil
	root := strings.TrimSpace(output(t, "npm", "root", "-g"))
	w.npm = filepath.Join(root, "npm")
	err := filepath.WalkDir(w.npm, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && path.Ext(p) == ".json" {
			add("usr/local/lib/node_modules/npm"+strings.TrimPrefix(p, w.npm), p)
		}
		return err
	})
	if err != nil {
		t.Skipf("npm's own packages cannot be read: %v", err)
	}
	tool := filepath.Join(t.TempDir(), "stringer") // a program of several modules
	if out, err := exec.Command("go", "build", "-o", tool, "golang.org/x/tools/cmd/stringer").CombinedOutput(); err != nil {
		t.Skipf("build a program: %v\n%s", err, out)
	}
	gotool := filepath.Join(strings.TrimSpace(output(t, "go", "env", "GOROOT")), "bin/go")
	for _, p := range []string{tool, gotool} {
		add("usr/local/bin/"+filepath.Base(p), p)
		w.programs = append(w.programs, p)
	}
	deleted := layer(t, []string{"usr/local/lib/node_modules/.wh.left", "etc/.wh.motd"}, map[string]string{})
	left := layer(t, []string{"usr/local/lib/node_modules/left/package.json", "etc/motd"}, map[string]string{
		"usr/local/lib/node_modules/left/package.json": `{"name":"left","version":"1.0.0"}`,
	})
	w.status = files["var/lib/dpkg/status"]
	w.image = save(t, layer(t, base, files), left, layer(t, order, files), deleted)
	return w
}

// TestWorld compares with what dpkg, npm and go say of the same files.
func TestWorld(t *testing.T) {
	w := machine(t)
	inv := inventoryOf(t, w.image)
	if len(inv.Notes) > 0 {
		t.Errorf("notes %v, want none", inv.Notes)
	}
	t.Run("dpkg", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "status"), []byte(w.status), 0o644); err != nil {
			t.Fatal(err)
		}
		var want []string
		for line := range strings.Lines(output(t, "dpkg-query", "--admindir="+dir, "-W", "-f", "${db:Status-Status}\t${Package}\t${Version}\t${source:Package}\t${source:Version}\n")) {
			status, line, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
			if status != "config-files" && status != "not-installed" {
				want = append(want, line)
			}
		}
		var got []string
		for _, p := range inv.Packages {
			if !strings.HasPrefix(p.PURL, "pkg:deb/") {
				continue
			}
			source, version := p.Source, p.SourceVersion
			if source == "" {
				source = p.Name
			}
			if version == "" {
				version = p.Version
			}
			got = append(got, strings.Join([]string{p.Name, p.Version, source, version}, "\t"))
		}
		agree(t, "dpkg", got, want)
	})
	t.Run("npm", func(t *testing.T) {
		type node struct {
			Name, Version string
			Dependencies  map[string]node
		}
		var top node
		// Long, because only there an alias gives the package's own name. It
		// fails where a package for development is missing, and lists the rest.
		cmd := exec.Command("npm", "ls", "--all", "--long", "--json")
		cmd.Dir = w.npm
		out, err := cmd.Output()
		if jsonErr := json.Unmarshal(out, &top); jsonErr != nil {
			t.Skipf("npm ls: %v, %v", err, jsonErr)
		}
		var want []string
		var walk func(n node)
		walk = func(n node) {
			if n.Version != "" {
				want = append(want, n.Name+"\t"+n.Version)
			}
			for _, d := range n.Dependencies {
				walk(d)
			}
		}
		walk(top)
		agree(t, "npm", named(inv, func(p *model.Package) bool { return p.Ecosystem == "npm" }), want)
	})
	t.Run("go", func(t *testing.T) {
		var want []string
		for _, p := range w.programs {
			for line := range strings.Lines(output(t, "go", "version", "-m", p)) {
				fields := strings.Fields(line)
				switch {
				case len(fields) == 2 && strings.HasPrefix(fields[1], "go1"):
					want = append(want, "stdlib\t"+strings.TrimPrefix(fields[1], "go"))
				case len(fields) >= 3 && (fields[0] == "dep" || fields[0] == "mod"):
					want = append(want, fields[1]+"\t"+strings.ReplaceAll(fields[2], "(devel)", ""))
				}
			}
		}
		agree(t, "go", named(inv, func(p *model.Package) bool { return p.Ecosystem == "Go" }), want)
	})
}

// TestForms holds that the same image gives the same inventory as an archive,
// as an OCI layout with compressed layers, and from an engine in both ways.
func TestForms(t *testing.T) {
	name := machine(t).image
	want := inventoryOf(t, name)
	t.Run("layout", func(t *testing.T) {
		agreeOn(t, inventoryOf(t, compressedLayout(t, name)), want)
	})
	t.Run("engine", func(t *testing.T) {
		enginetest.Engine(t)
		out := enginetest.Docker(t, "load", "-i", name)
		t.Cleanup(func() { enginetest.Docker(t, "rmi", "-f", "shop:1") })
		e, err := engine.Open(t.Context(), engine.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		defer e.Close()
		tree, err := e.Tree(t.Context(), "shop:1")
		if err != nil {
			t.Fatal(err)
		}
		if tree.Image == nil {
			t.Error("the engine's folders were not used: they cannot be read, or its driver is not overlay2")
		}
		inv, err := Scan(t.Context(), tree)
		if err != nil {
			t.Fatal(err)
		}
		agreeOn(t, inv, want)
	})
	t.Run("engine's archive", func(t *testing.T) {
		enginetest.Engine(t)
		enginetest.Docker(t, "load", "-i", name)
		t.Cleanup(func() { enginetest.Docker(t, "rmi", "-f", "shop:1") })
		saved := filepath.Join(t.TempDir(), "saved.tar")
		enginetest.Docker(t, "save", "-o", saved, "shop:1")
		agreeOn(t, inventoryOf(t, saved), want)
	})
}

func agreeOn(t *testing.T, got, want *model.Inventory) {
	t.Helper()
	if diff := cmp.Diff(lines(got.Packages), lines(want.Packages)); diff != "" {
		t.Errorf("-got +want\n%s", diff)
	}
	for i, l := range want.Layers {
		if i >= len(got.Layers) || got.Layers[i].DiffID != l.DiffID || got.Layers[i].Size != l.Size {
			t.Errorf("layers %+v, want %+v", got.Layers, want.Layers)
			break
		}
	}
	if diff := cmp.Diff(got.Notes, want.Notes); diff != "" {
		t.Errorf("notes: -got +want\n%s", diff)
	}
}

// compressedLayout returns the image of an archive as an OCI layout.
func compressedLayout(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "-C", dir, "-xf", name).CombinedOutput(); err != nil {
		t.Skipf("unpack: %v\n%s", err, out)
	}
	blob := func(text []byte) string {
		sum := fmt.Sprintf("%x", sha256.Sum256(text))
		if err := os.MkdirAll(filepath.Join(dir, "blobs/sha256"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "blobs/sha256", sum), text, 0o644); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"digest":"sha256:%s","size":%d}`, sum, len(text))
	}
	var manifest []struct {
		Config string
		Layers []string
	}
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if err := json.Unmarshal(read("manifest.json"), &manifest); err != nil {
		t.Fatal(err)
	}
	var layers []string
	for _, l := range manifest[0].Layers {
		var out bytes.Buffer
		z, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(z, bytes.NewReader(read(l))); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		layers = append(layers, blob(out.Bytes()))
	}
	m := blob([]byte(`{"config":` + blob(read(manifest[0].Config)) + `,"layers":[` + strings.Join(layers, ",") + `]}`))
	for name, text := range map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`, "index.json": `{"manifests":[` + m + `]}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRPM compares with what rpm says of real databases in all three formats
// and both orders of bytes, which a library ships for its own tests.
func TestRPM(t *testing.T) {
	text, err := exec.Command("go", "mod", "download", "-json", "github.com/knqyf263/go-rpmdb@v0.1.1").Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(text, &module) != nil {
		t.Skipf("no databases: the module that has them cannot be fetched: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(module.Dir, "pkg/testdata/*/*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no databases in %s: %v", module.Dir, err)
	}
	for _, f := range files {
		name := filepath.Base(filepath.Dir(f))
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			db := filepath.Join(dir, "var/lib/rpm")
			if err := os.MkdirAll(db, 0o755); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(db, filepath.Base(f)), text, 0o644); err != nil {
				t.Fatal(err)
			}
			inv, err := Folder(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			got := named(inv, func(*model.Package) bool { return true })
			if filepath.Base(f) == "Packages.db" { // Debian's rpm does not read it
				if len(got) != 35 || !slices.Contains(got, "glibc\t2.31-9.3.2") {
					t.Errorf("got %q, want 35 packages with glibc 2.31-9.3.2", got)
				}
				return
			}
			var want []string
			for line := range strings.Lines(output(t, "rpm", "-qa", "--dbpath", db, "--qf", `%{NAME}\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\n`)) {
				line = strings.Replace(strings.TrimSpace(line), "\t0:", "\t", 1)
				if !strings.HasPrefix(line, "gpg-pubkey\t") {
					want = append(want, line)
				}
			}
			agree(t, name, got, want)
		})
	}
}
