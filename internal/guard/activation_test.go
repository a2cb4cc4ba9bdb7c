package guard_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/internal/guard"
)

// TestActivation: the guard takes the socket that systemd opened, and a policy
// that cannot be read leaves the old one in force.
func TestActivation(t *testing.T) {
	dir, err := os.MkdirTemp("", "guard") //nolint:usetesting // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, policy, journal := filepath.Join(dir, "s"), filepath.Join(dir, "guard.yaml"), filepath.Join(dir, "journal")
	if err := os.WriteFile(policy, []byte("mode: audit\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	// LISTEN_PID has to be the process that takes the socket.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, os.Args[0], "guard", "serve",
		"--socket", filepath.Join(dir, "none"), "--policy", policy, "--state", filepath.Join(dir, "state"), "--journal", journal)
	cmd.Env = append(os.Environ(), commandVariable+"=1", "LISTEN_FDS=1")
	cmd.ExtraFiles = []*os.File{f}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := guard.Ping(ctx, socket); err != nil { // it waits in the socket until it is answered
		t.Error(err)
	}
	if err := os.WriteFile(policy, []byte("mode: loud\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for text := ""; !strings.Contains(text, "the old policy stays in force"); {
		said, err := os.ReadFile(journal)
		if text = string(said); err != nil || ctx.Err() != nil {
			t.Fatalf("the journal does not tell of the policy that cannot be read: %v\n%s", err, text)
		}
		<-time.After(10 * time.Millisecond)
	}
	end(t, cmd)
}
