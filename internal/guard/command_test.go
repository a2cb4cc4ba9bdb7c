package guard_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"
)

// shell runs a line of shell and returns what it printed. Whatever the line has
// started has ended with it, after patience at the latest.
func shell(t testing.TB, line string) ([]byte, error) {
	t.Helper()
	return run(t.Context(), line)
}

// shellAlways is shell for what cleans up after a test.
func shellAlways(line string) ([]byte, error) { return run(context.Background(), line) }

func run(ctx context.Context, line string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", line)
	cmd.WaitDelay = time.Second // a child may hold what it prints to
	return cmd.CombinedOutput()
}

// command returns the bulkhead command with args. It is killed at the end of
// the test.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), commandVariable+"=1")
	cmd.WaitDelay = time.Second
	return cmd
}

// ended waits for a command that was told to end, and kills it where it does
// not.
func ended(t testing.TB, cmd *exec.Cmd) error {
	t.Helper()
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }) // it may have ended just now
	defer late.Stop()
	return cmd.Wait()
}
