package check_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/check"
	"bulkhead/internal/contents"
	"bulkhead/internal/engine"
	"bulkhead/internal/enginetest"
	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rules"
	"bulkhead/internal/vuln"
)

const containerImage = "bulkhead-check-test:1"

// flawed are the files of an image with a program that a vulnerable package of
// Debian owns, and another that none does.
func flawed(t *testing.T) []enginetest.File {
	program := enginetest.Program(t)
	return []enginetest.File{
		{Name: "etc/os-release", Text: "ID=debian\nVERSION_ID=\"12\"\n"},
		{Name: "var/lib/dpkg/status", Text: "Package: example\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2-3\n"},
		{Name: "var/lib/dpkg/info/example.list", Text: "/usr/bin/example\n"},
		{Name: "usr/bin/example", Text: program, Mode: 0o755},
	}
}

// advisories returns a database that knows a flaw of Debian's example.
func advisories(t *testing.T) func() (*vuln.DB, error) {
	t.Helper()
	dir := t.TempDir()
	record := `{"id":"DSA-1","upstream":["CVE-2024-1111"],"modified":"2026-01-01T00:00:00Z",
		"affected":[{"package":{"ecosystem":"Debian:12","name":"example"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2-4"}]}]}]}`
	if err := os.WriteFile(filepath.Join(dir, "DSA-1.json"), []byte(record), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "advisories.db")
	if _, err := vuln.Build(t.Context(), dir, out, vuln.Options{Now: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}); err != nil {
		t.Fatal(err)
	}
	return func() (*vuln.DB, error) { return vuln.Open(out) }
}

// TestContainers looks into two containers of one image: what one is reached at
// and runs comes before what the other only holds.
func TestContainers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the memory maps of containers may be read by root only")
	}
	e, err := engine.Open(t.Context(), engine.Options{Host: enginetest.Engine(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	enginetest.Image(t, containerImage, flawed(t)...)
	idle := enginetest.Run(t, "--name", "bulkhead-check-idle", containerImage)
	enginetest.Run(t, "--name", "bulkhead-check-busy", "-p", "7000", containerImage, "/usr/bin/example")
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("aws_access_key_id = "+"AKIA"+"Q3EGRZ2XJ7KLMN5P\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	enginetest.Docker(t, "cp", file, idle+":/credentials")
	r, err := check.Run(t.Context(), check.Options{
		Paths: []string{"bulkhead-check-idle", "bulkhead-check-busy"}, Rules: rules.All(), Now: time.Now(),
		Live: e.Facts, Advisories: advisories(t),
		OpenContainer: func(ctx context.Context, id string) (*contents.Container, error) {
			in, err := e.Inside(ctx, id)
			if err != nil {
				return nil, err
			}
			return &contents.Container{Tree: in.Tree, Layered: in.Layered, Started: in.Started, Loaded: in.Loaded, Unknown: in.Unknown}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		if f.Rule == "vulnerable-package" || f.Rule == "secret-in-layer" {
			got = append(got, f.Where()+": "+f.Message)
		}
	}
	want := []string{
		"container bulkhead-check-idle: credentials:1: credentials holds an AWS access key ID (AKIA…); written by the container while it ran",
		"container bulkhead-check-busy: var/lib/dpkg/status: example 1.2-3 has CVE-2024-1111; 1.2-4 cures it; a process has it loaded",
		"container bulkhead-check-idle: var/lib/dpkg/status: example 1.2-3 has CVE-2024-1111; 1.2-4 cures it; no process has it loaded",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var told []string
	for _, i := range r.Images {
		told = append(told, fmt.Sprintf("%s %t %d", i.Name, i.ID != "", i.Known.Fixable))
	}
	slices.Sort(told)
	if want := []string{"container bulkhead-check-busy true 1", "container bulkhead-check-idle true 1"}; !slices.Equal(told, want) {
		t.Errorf("told of images %q, want %q", told, want)
	}
	if looked := strings.Join(r.Looked, ", "); !strings.Contains(looked, "container bulkhead-check-busy: ") || !strings.Contains(looked, " loaded by 1 process after ") {
		t.Errorf("looked at %s, want the containers, what is loaded and after what time", looked)
	}
}

// TestRankVulnerabilities: reachable, loaded, privileged and exploited each put
// a flaw further up, and the sentence says why.
func TestRankVulnerabilities(t *testing.T) {
	var images []*model.Image
	add := func(name string, loaded model.State, exploited, public, privileged bool) {
		w := &model.Workload{Name: name, Surface: model.Container, Status: "running", Kind: "container"}
		w.User = model.Fact[model.User]{Value: model.User{UID: 1000}, State: model.Set}
		w.Privileged = model.Fact[bool]{Value: privileged, State: model.Set}
		if public {
			w.Exposure = []model.Exposure{{Address: "0.0.0.0", Port: 80, Public: true, Via: "published port"}}
		}
		p := &model.Package{Name: "example", Version: "1", Loaded: loaded}
		images = append(images, &model.Image{
			Name: name, Surface: model.Container, Use: model.ContainerFiles, Running: &model.Running{Processes: 1}, Workloads: []*model.Workload{w},
			Vulnerabilities: []*model.Vulnerability{{ID: "CVE-2024-1111", Package: p, Severity: "critical", Fixed: "2", State: model.FixAvailable, Exploited: exploited}},
		})
	}
	add("installed", model.Unset, false, false, false)
	add("unclear", model.Unknown, false, false, false)
	add("loaded", model.Set, false, false, false)
	add("reached", model.Set, false, true, false)
	add("privileged", model.Set, false, true, true)
	add("exploited", model.Set, true, true, true)
	r := check.Judge(rules.All(), &model.System{Images: images})
	var got []string
	for _, f := range r.Findings {
		if f.Rule == "vulnerable-package" {
			got = append(got, f.Subject)
		}
	}
	want := []string{"exploited", "privileged", "reached", "loaded", "unclear", "installed"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(r.Top) == 0 {
		t.Fatal("no story")
	}
	sentence := "exploited is reachable from outside (0.0.0.0:80) and is privileged; example 1 has CVE-2024-1111, which is being exploited; 2 cures it; a process has it loaded: " +
		"an attacker in it can use a published flaw of the software inside"
	if got := r.Top[0].Sentence; !strings.HasPrefix(got, sentence) {
		t.Errorf("got %q, want %q", got, sentence)
	}
	if got := fmt.Sprint(r.Findings[0].Severity); got != fmt.Sprint(finding.Critical) {
		t.Errorf("severity: got %s, want critical", got)
	}
}

// TestNoDatabase: an image that lists no packages says so, and not that nothing
// is wrong with them.
func TestNoDatabase(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Options{Host: enginetest.Engine(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	enginetest.Image(t, "bulkhead-check-scratch:1")
	r, err := check.Run(t.Context(), check.Options{
		Paths: []string{"bulkhead-check-scratch:1"}, Rules: rules.All(), Now: time.Now(), Live: e.Facts, OpenImage: e.Tree, Advisories: advisories(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "no package database found: what the distribution installed is not known, and no finding is not no risk"
	if !slices.ContainsFunc(r.NotChecked, func(n model.Note) bool {
		return n.What == "bulkhead-check-scratch:1: packages" && n.Why == want
	}) {
		t.Errorf("not checked: %v, want %s", r.NotChecked, want)
	}
}
