package enginetest

import (
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
