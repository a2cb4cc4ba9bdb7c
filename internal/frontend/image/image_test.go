package image

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"bulkhead/internal/frontend/internal/facttest"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// TestRead compares the facts of each archive's first file, docker image
// inspect or an OCI configuration, with its section facts.
func TestRead(t *testing.T) {
	facttest.Pairs(t, func(name string, data []byte) *model.Facts {
		if name == "config.json" {
			return FromConfig("registry.example.com/shop/api:1", data, Meta{ID: "sha256:1", Size: 7})
		}
		return Read(source.NewFile(name, data))
	})
}

// TestName: an image is printed by its tag, by the repository it was pulled
// from, or by its short id.
func TestName(t *testing.T) {
	const id = `"Id":"sha256:bcfb67113fbca59c00e87e49caeac039af98135394d32d193df01a61e3a64df0"`
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for _, tt := range []struct{ text, name, state string }{
		{id + `,"RepoTags":["shop/api:1","shop/api:2"]`, "shop/api:1", "set"},
		{id + `,"RepoTags":["localhost:5000/a:1"]`, "localhost:5000/a:1", "set"},
		{id + `,"RepoTags":["<none>:<none>"],"RepoDigests":["<none>@<none>"]`, "bcfb67113fbc", "unset"},
		{id + `,"RepoTags":null`, "bcfb67113fbc", "unset"},
		{id + `,"RepoTags":[],"RepoDigests":["nginx@` + digest + `"]`, "nginx@0123456789ab", "set"},
	} {
		facts := Read(source.NewFile("i.json", []byte(`[{`+tt.text+`}]`)))
		if len(facts.Images) != 1 {
			t.Errorf("%s: %d images, want 1", tt.text, len(facts.Images))
			continue
		}
		i := facts.Images[0]
		if i.Name != tt.name || i.Ref.State.String() != tt.state {
			t.Errorf("%s: got %q (%s), want %q (%s)", tt.text, i.Name, i.Ref.State, tt.name, tt.state)
		}
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct{ text, message string }{
		{`[{]`, "not valid JSON"},
		{`{"Id":"sha256:ab","Size":"big"}`, "holds a string"},
		{`{"Name":"/web","HostConfig":{}}`, "does not describe an image"},
		{`{"Id":"sha256:ab","Created":{}}`, "neither text nor a number"},
	} {
		facts := Read(source.NewFile("i.json", []byte(tt.text)))
		if len(facts.Faults) == 0 || !strings.Contains(facts.Faults[0].Message, tt.message) {
			t.Errorf("%s: got %+v, want %q", tt.text, facts.Faults, tt.message)
		}
	}
	facts := FromConfig("x", []byte(`{"config":`), Meta{})
	if len(facts.Faults) != 1 || len(facts.Images) != 0 {
		t.Errorf("half a configuration: got %d faults, %d images, want 1, 0", len(facts.Faults), len(facts.Images))
	}
}

// TestEmptyConfig: an OCI configuration need not say anything, and then the
// defaults hold.
func TestEmptyConfig(t *testing.T) {
	facts := FromConfig("x", []byte(`{"architecture":"amd64","os":"linux"}`), Meta{})
	c := facts.Images[0].Config
	if c.User.State != model.Unset || !c.User.Value.Root() {
		t.Errorf("user %+v (%s), want root (unset)", c.User.Value, c.User.State)
	}
}

func FuzzRead(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Add([]byte(`[{"Id":"","Created":0,"History":[{"Created":-1,"Size":0}],"Config":{"StopSignal":1,"Healthcheck":{"Test":[]}}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		facts := Read(source.NewFile("i.json", text))
		facts.Images = append(facts.Images, FromConfig("x", text, Meta{}).Images...)
		for _, i := range facts.Images {
			if i.Config == nil || i.Use != model.StoredImage {
				t.Errorf("image %q is not whole", i.Name)
			}
		}
	})
}
