package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// written returns the names of the files of in with a mark at those that the
// container wrote.
func written(t *testing.T, in *Inside) []string {
	t.Helper()
	w, err := oci.Visit(t.Context(), in.Tree, oci.Visitor[bool]{
		Want: func(e *oci.Entry) oci.Want {
			if e.Mode.IsRegular() {
				return oci.Visible
			}
			return oci.Skip
		},
		Read: func(*oci.Entry, *oci.Content) bool { return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Notes) > 0 {
		t.Errorf("notes %v, want none", w.Notes)
	}
	var out []string
	for _, f := range w.Found {
		mark := ""
		if w.Layers[f.Entry.Layer].Above {
			mark = " written"
		}
		out = append(out, f.Entry.Name+mark)
	}
	slices.Sort(out)
	return out
}

// TestInside: a container is its image and what it wrote, running or not; what
// its processes run is known; its environment holds more than it was given.
func TestInside(t *testing.T) {
	e := openLive(t)
	enginetest.Image(t, testImage, enginetest.File{Name: "old", Text: "image"})
	id := enginetest.Run(t, testImage)
	file := filepath.Join(t.TempDir(), "old")
	if err := os.WriteFile(file, []byte("container"), 0o600); err != nil {
		t.Fatal(err)
	}
	enginetest.Docker(t, "cp", file, id+":/old")
	enginetest.Docker(t, "exec", "-d", "-e", "ADDED=later", id, "/app")
	in, err := e.Inside(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if got, want := written(t, in), []string{"app", "etc/passwd", "old written"}; !in.Layered || !slices.Equal(got, want) {
			t.Errorf("layered %v, files %v, want true, %v", in.Layered, got, want)
		}
		if in.Loaded == nil || !in.Loaded.Mapped["app"] || in.Loaded.Mapped["old"] || in.Loaded.Processes != 2 || in.Started.IsZero() {
			t.Errorf("loaded %+v (%s), started %v, want app by 2 processes", in.Loaded, in.Unknown, in.Started)
		}
		_, w := facts(t, e, id)
		if !slices.ContainsFunc(w.Kernel.Env, func(v model.ProcessVariable) bool { return v.Name == "ADDED" && v.Value == "later" }) {
			t.Errorf("environment %+v, want what docker exec added", w.Kernel.Env)
		}
	}
	enginetest.Docker(t, "stop", "-t", "0", id)
	if in, err = e.Inside(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if in.Loaded != nil || in.Unknown != "" || !in.Started.IsZero() {
		t.Errorf("stopped: loaded %+v, started %v, want neither", in.Loaded, in.Started)
	}
}

// TestExported: where a container's folders are not here, its files are those
// the engine exports.
func TestExported(t *testing.T) {
	e := openLive(t)
	enginetest.Image(t, testImage)
	id := enginetest.Create(t, testImage)
	remote := *e
	remote.Host = "tcp" + strings.TrimPrefix(e.Host, "unix")
	in, err := remote.Inside(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	got := written(t, in)
	if in.Layered || !slices.Contains(got, "app") || !slices.Contains(got, "etc/passwd") {
		t.Errorf("layered %v, files %v, want false and those of the image", in.Layered, got)
	}
	if in.Loaded != nil {
		t.Errorf("loaded %+v, want nothing of another machine's processes", in.Loaded)
	}
}
