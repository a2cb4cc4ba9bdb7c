package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConnect holds the promise that a check talks to the engine and to nobody
// else, not even to a resolver, and with --no-engine to nobody at all.
func TestConnect(t *testing.T) {
	strace := tracer(t)
	socket := filepath.Join(t.TempDir(), "docker.sock") // nobody listens
	t.Setenv("DOCKER_HOST", "unix://"+socket)

	if got := connects(t, strace, "--no-engine"); len(got) > 0 {
		t.Errorf("with --no-engine: got connections, want none:\n%s", strings.Join(got, "\n"))
	}
	got := connects(t, strace)
	if len(got) == 0 {
		t.Error("got no connection, want one to the engine")
	}
	for _, call := range got {
		if !strings.Contains(call, `"`+socket+`"`) {
			t.Errorf("got %s, want connections to %s alone", call, socket)
		}
	}
}

// tracer returns the program that tells what another does.
func tracer(t *testing.T) string {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not here:", err)
	}
	if out, err := exec.Command(strace, "-f", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace: %v: %s", err, out)
	}
	return strace
}

// connects returns the connections that a check of the hardened example with
// flags tries to make.
func connects(t *testing.T, strace string, flags ...string) []string {
	t.Helper()
	return traced(t, strace, append([]string{"check", "../../examples/shop-hardened"}, flags...)...)
}

// traced returns the connections that bulkhead with args tries to make. What
// it finds does not matter.
func traced(t *testing.T, strace string, args ...string) []string {
	t.Helper()
	bulkhead, err := exec.LookPath("bulkhead") // TestMain puts it there
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	all := append([]string{"-f", "-s", "1000", "-e", "trace=connect,execve", "-o", log, bulkhead}, args...)
	var exit *exec.ExitError
	if out, err := exec.Command(strace, all...).CombinedOutput(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("%v: %s", err, out)
	}
	trace, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(trace), "execve(") {
		t.Fatalf("strace saw nothing of the program:\n%s", trace)
	}
	var calls []string
	for line := range strings.Lines(string(trace)) {
		if strings.Contains(line, "connect(") {
			calls = append(calls, strings.TrimSpace(line))
		}
	}
	return calls
}
