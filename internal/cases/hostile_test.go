package cases

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"bulkhead/internal/check"
	"bulkhead/internal/cli"
	"bulkhead/internal/fix"
	"bulkhead/internal/rules"
)

// child is set for the process that is Bulkhead and not the test.
const child = "CASES_TEST_IS_BULKHEAD"

func TestMain(m *testing.M) {
	if os.Getenv(child) == "" {
		os.Exit(m.Run())
	}
	cli.LimitMemory()
	code := cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, _ = os.NewFile(3, "status").Write(status) // not Rusage: its Maxrss counts what the test itself holds
	}
	os.Exit(code)
}

// The bounds of every check and fix, whatever it is given.
const (
	maxTime   = 5 * time.Second // of all processors
	maxMemory = 256 << 10       // KiB, resident
)

// A ran is what came of running Bulkhead as a process.
type ran struct {
	code   int
	output string // standard output and standard error
	took   time.Duration
	memory int // KiB, at its highest; 0 where the system does not tell
}

// bulkhead runs Bulkhead in dir. A process that hangs fails the test.
func bulkhead(t *testing.T, dir string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = status.Close() }() // it was only read
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.ExtraFiles = []*os.File{w}
	cmd.Env = append(os.Environ(), child+"=true", "BULKHEAD_NO_ENGINE=true")
	err = cmd.Run()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("bulkhead %q: %v, %v", args, err, ctx.Err())
	}
	r := ran{code: cmd.ProcessState.ExitCode(), output: out.String(), took: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	text := make([]byte, 8<<10)
	n, _ := status.Read(text)
	for line := range strings.Lines(string(text[:n])) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			r.memory, _ = strconv.Atoi(strings.Fields(v)[0])
		}
	}
	return r
}

// TestHostile checks and fixes what nobody would write, as the command line
// does: nothing crashes, time and memory are bounded, something is said, and
// nothing is printed raw.
func TestHostile(t *testing.T) {
	for _, h := range hostile() {
		t.Run(h.name, func(t *testing.T) {
			dir := t.TempDir()
			h.make(t, dir)
			for _, args := range [][]string{{"check", "-v"}, {"check", "-o", "json"}, {"fix", "--unsafe"}} {
				r := bulkhead(t, dir, args...)
				t.Logf("%s: exit code %d, %v, %d MB, %d bytes of output", args, r.code, r.took.Round(time.Millisecond), r.memory>>10, len(r.output))
				r.judge(t)
				if strings.Contains(r.output, fix.ErrCycle.Error()) {
					t.Errorf("got %s", cut(r.output))
				}
				if says := h.says; args[0] == "check" && args[1] == "-v" && !strings.Contains(r.output, says) {
					t.Errorf("got %s\nwant something with %q", cut(r.output), says)
				}
			}
		})
	}
}

func (r ran) judge(t *testing.T) {
	t.Helper()
	if r.code != 0 && r.code != 1 && r.code != 2 && r.code != 3 || strings.Contains(r.output, "goroutine ") {
		t.Errorf("got exit code %d and %s", r.code, cut(r.output))
	}
	if r.took > maxTime {
		t.Errorf("took %v, want at most %v", r.took, maxTime)
	}
	if r.memory > maxMemory {
		t.Errorf("held %d MB, want at most %d", r.memory>>10, maxMemory>>10)
	}
	if raw := firstRaw(r.output); raw != "" {
		t.Errorf("printed %q raw in %s", raw, cut(r.output))
	}
}

func cut(s string) string { return strconv.Quote(s[:min(len(s), 2000)]) }

// firstRaw returns the first thing in a report that could mislead a terminal
// or a reader, with what is around it.
func firstRaw(s string) string {
	for i, r := range s {
		if r == '\n' || r == '\t' {
			continue
		}
		if _, size := utf8.DecodeRuneInString(s[i:]); !unicode.IsPrint(r) || r == utf8.RuneError && size == 1 {
			return s[max(i-20, 0):min(i+20, len(s))]
		}
	}
	return ""
}

// TestHostileInProcess checks the same in this process, where a panic and a
// race have a name.
func TestHostileInProcess(t *testing.T) {
	for _, h := range hostile() {
		if strings.HasPrefix(h.name, "configuration") {
			continue // read by the command line
		}
		t.Run(h.name, func(t *testing.T) {
			dir := t.TempDir()
			h.make(t, dir)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := check.Run(ctx, check.Options{Paths: []string{dir}, Rules: rules.All(), Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Findings)+len(r.NotChecked) == 0 {
				t.Error("nothing is said about it")
			}
			for _, f := range r.Findings[:min(len(r.Findings), 5000)] {
				if err := wellFormed(f); err != nil {
					t.Errorf("%s %q: %v", f.Rule, f.Message, err)
				}
			}
		})
	}
}

// TestNoPermission checks that one folder nobody may read does not hide the
// others.
func TestNoPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every folder")
	}
	dir := t.TempDir()
	write(t, dir, "closed/compose.yaml", "services: {a: {image: a}}\n")
	write(t, dir, "Dockerfile", "FROM debian:12\n")
	if err := os.Chmod(filepath.Join(dir, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	r := bulkhead(t, dir, "check", "-v")
	if !strings.Contains(r.output, "closed: permission denied") || !strings.Contains(r.output, "Dockerfile:1:6") {
		t.Errorf("got %s, want the folder named and the Dockerfile checked", cut(r.output))
	}
}

// write writes a file below dir.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// numbered returns what f says of 0 to n-1.
func numbered(n int, f func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(f(i))
	}
	return b.String()
}

// utf16 returns text in UTF-16 with a byte order mark, big or little endian.
func utf16(text string, swap int) string {
	out := []byte{0xff, 0xfe}
	for i := range len(text) {
		out = append(out, text[i], 0)
	}
	if swap == 1 {
		for pair := range slices.Chunk(out, 2) {
			pair[0], pair[1] = pair[1], pair[0]
		}
	}
	return string(out)
}
