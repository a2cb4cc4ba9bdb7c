package enginetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	Engine(t)
	Image(t, "bulkhead-enginetest:1", File{Name: "etc/motd", Text: "hello"})
	var id string
	t.Run("inner", func(t *testing.T) {
		id = Run(t, "--label", "of=enginetest", "bulkhead-enginetest:1")
		if got, want := Docker(t, "inspect", "-f", "{{.State.Status}} {{.Config.User}}", id), "running app"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	if left := Docker(t, "ps", "-aq", "--filter", "label=of=enginetest"); left != "" {
		t.Errorf("containers left behind: %s", strings.Fields(left))
	}
}

// TestImage: an image goes away with what was built on it, also where another
// has taken its tag.
func TestImage(t *testing.T) {
	Engine(t)
	const tag = "bulkhead-enginetest:2"
	Image(t, tag)
	var id string
	t.Run("inner", func(t *testing.T) {
		Image(t, tag)
		id = Docker(t, "image", "inspect", "-f", "{{.Id}}", tag)
		dir := t.TempDir()
		text := "FROM " + tag + "\nUSER root\nFROM " + tag + "\nUSER 1\n"
		if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		Docker(t, "build", "-q", "-t", "bulkhead-enginetest:3", dir)
		Docker(t, "rmi", "bulkhead-enginetest:3")
	})
	if out, err := try(os.Getenv("DOCKER_HOST"), nil, "image", "inspect", id); err == nil {
		t.Errorf("image %s was left behind:\n%s", id, out)
	}
}

// TestStart starts an engine where none runs. A second one would take the first
// one's firewall rules away.
func TestStart(t *testing.T) {
	if _, err := try("unix:///var/run/docker.sock", nil, "version"); err == nil {
		t.Skip("an engine runs already")
	}
	host := start(t)
	t.Setenv("DOCKER_HOST", host)
	if got := Docker(t, "ps", "-aq"); got != "" {
		t.Errorf("containers of another engine: %s", got)
	}
}
