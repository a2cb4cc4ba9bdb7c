package enginetest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// startTimeout bounds how long an engine may take until it answers.
const startTimeout = 60 * time.Second

// start starts an engine with folders and a socket of its own, and stops it at
// the end of the test. Engines share the bridge docker0, so there is one at a
// time on a machine.
func start(t testing.TB) string {
	t.Helper()
	dockerd, err := exec.LookPath("dockerd")
	switch {
	case err != nil:
		t.Skip("no engine: none answers and dockerd is not installed")
	case os.Geteuid() != 0:
		t.Skip("no engine: none answers and starting one needs root")
	}
	lock(t)
	dir, err := os.MkdirTemp("", "engine") //nolint:usetesting // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	socket := "unix://" + filepath.Join(dir, "docker.sock")
	cmd := exec.Command(dockerd,
		"--host", socket,
		"--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "docker.pid"))
	logs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no engine: start dockerd: %v", err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(unix.SIGTERM); err != nil {
			t.Errorf("stop dockerd: %v", err)
		}
		_ = cmd.Wait() // its exit code says nothing after a signal
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the engine's folder: %v", err)
		}
	})
	if last, ok := listening(logs); !ok {
		t.Skipf("no engine: dockerd did not start: %s", last)
	}
	return socket
}

// listening reads dockerd's log until it says that it listens, and returns the
// last line before it ended otherwise. It goes on reading, so that dockerd is
// never blocked.
func listening(logs io.Reader) (last string, ok bool) {
	type outcome struct {
		last string
		ok   bool
	}
	said := make(chan outcome, 1)
	go func() {
		var o outcome
		lines := bufio.NewScanner(logs)
		for lines.Scan() {
			if o.ok {
				continue
			}
			o.last = lines.Text()
			if strings.Contains(o.last, "API listen on") {
				o.ok = true
				said <- o
			}
		}
		if !o.ok {
			said <- o
		}
	}()
	select {
	case o := <-said:
		return o.last, o.ok
	case <-time.After(startTimeout):
		return "no answer in time", false
	}
}

// lock waits for the one place a test's engine may run at.
func lock(t testing.TB) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(os.TempDir(), "bulkhead-enginetest.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
}
