package enginetest

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
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
	// Containers that bind the usual socket have the engine make a folder in its
	// place, which would keep the next engine from making the socket.
	if _, err := os.Lstat(usualSocket); errors.Is(err, fs.ErrNotExist) {
		t.Cleanup(func() { _ = unix.Rmdir(usualSocket) }) // fails where there is none
	}
	return serve(t, dockerd)
}

// Private starts an engine that shares nothing with others, without a network,
// and stops it at the end of the test. It runs containers with a runtime called
// "private", which is runc without the capabilities that this machine does not
// have: what starts privileged containers where they could not start else.
func Private(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"dockerd", "unshare", "runc"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("no private engine: %s is not installed", name)
		}
	}
	runtime := filepath.Join(t.TempDir(), "runtime")
	if err := os.WriteFile(runtime, []byte(runtimeScript), 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	return serve(t, "unshare", "--net", "dockerd", "--bridge", "none", "--iptables=false", "--ip-forward=false",
		"--add-runtime", "private="+runtime)
}

// runtimeScript takes the capabilities that the bounding set lacks out of a
// container's configuration.
const runtimeScript = `#!/bin/sh
bundle=
before=
for a; do
	[ "$before" = --bundle ] && bundle=$a
	before=$a
done
if [ -n "$bundle" ] && ! capsh --has-b=cap_sys_resource 2>/dev/null; then
	sed -i 's/"CAP_SYS_RESOURCE",//g' "$bundle/config.json"
fi
exec runc "$@"
`

// serve runs an engine with folders of its own and returns its address.
func serve(t testing.TB, command string, args ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "engine") //nolint:usetesting // a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	socket := "unix://" + filepath.Join(dir, "docker.sock")
	cmd := exec.Command(command, append(args,
		"--host", socket,
		"--data-root", filepath.Join(dir, "data"),
		"--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "docker.pid"))...)
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
		_ = unix.Unmount(filepath.Join(dir, "exec", "netns", "default"), unix.MNT_DETACH)
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
