package check_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/check"
	"bulkhead/internal/frontend/container"
	"bulkhead/internal/frontend/image"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

const (
	storedImage = `[{"Id": "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "RepoTags": ["shop/web:1"],
		"Config": {"User": "0", "Env": ["DB_PASSWORD=hunter2-hunter2"]}}]`
	runningContainer = `[{"Id": "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592", "Name": "/web-1", "State": {"Status": "running"},
		"Image": "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
		"Config": {"Image": "shop/web:1", "User": "0", "Env": ["DB_PASSWORD=hunter2-hunter2"]}, "HostConfig": {}}]`
)

// TestObjects checks that what is asked for by name is judged: an image also
// where a container that was not asked for runs it.
func TestObjects(t *testing.T) {
	for _, tt := range []struct {
		asked []string
		want  string // the subjects of secret-in-env
	}{
		{[]string{"shop/web:1"}, "shop/web:1"},
		{[]string{"docker.io/shop/web:1"}, "shop/web:1"},
		{[]string{"2cf24dba5fb0"}, "shop/web:1"},
		{[]string{"web-1"}, "web-1"},
		{[]string{"web-1", "shop/web:1"}, "web-1 shop/web:1"},
		{[]string{"host"}, "web-1"},
	} {
		o := options()
		o.Paths = tt.asked
		o.Live = func(context.Context) (*model.Facts, error) {
			facts := container.Read(source.NewFile("container.json", []byte(runningContainer)))
			facts.Images = append(facts.Images, image.Read(source.NewFile("image.json", []byte(storedImage))).Images...)
			return facts, nil
		}
		r, err := check.Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range r.Findings {
			if f.Rule == "secret-in-env" {
				got = append(got, f.Subject)
			}
		}
		if got := strings.Join(got, " "); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.asked, got, tt.want)
		}
	}
}

// TestForeign checks that of the containers that run an image a project names,
// those of another project are left out.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	const labels = `"Labels": {"com.docker.compose.project": "p", "com.docker.compose.project.working_dir": %q},`
	run := func(id, name, label string) string {
		return `{"Id": "` + strings.Repeat(id, 64) + `", "Name": "/` + name + `", "State": {"Status": "running"},
			"Config": {"Image": "postgres:17", ` + label + ` "User": "0"}, "HostConfig": {"Privileged": true}}`
	}
	text := "[" + run("a", "by-hand", "") + "," + run("b", "ours", fmt.Sprintf(labels, dir)) + "," + run("c", "theirs", fmt.Sprintf(labels, "/srv/other")) + "]"
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte("services:\n  db:\n    image: postgres:17\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Paths = []string{dir}
	o.Live = func(context.Context) (*model.Facts, error) {
		return container.Read(source.NewFile("container.json", []byte(text))), nil
	}
	r, err := check.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Findings {
		if f.Rule == "privileged" {
			got = append(got, f.Subject)
		}
	}
	slices.Sort(got)
	if want := []string{"by-hand", "ours"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestNamesakes checks that somebody who means a container and gets the folder
// of its name is told.
func TestNamesakes(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("web-1", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("web-1/Dockerfile", []byte("FROM scratch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		asked string
		told  bool
	}{{"web-1", true}, {"./web-1", false}, {"5d41402abc4b", false}} {
		o := options()
		o.Paths = []string{tt.asked}
		o.Live = func(context.Context) (*model.Facts, error) {
			return container.Read(source.NewFile("container.json", []byte(runningContainer))), nil
		}
		r, err := check.Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		told := slices.ContainsFunc(r.NotChecked, func(n model.Note) bool { return n.What == "the engine's "+tt.asked })
		if told != tt.told {
			t.Errorf("%s: told of the container: %v, want %v; notes: %v", tt.asked, told, tt.told, r.NotChecked)
		}
	}
}
