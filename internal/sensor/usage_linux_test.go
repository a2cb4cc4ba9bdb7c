package sensor

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"bulkhead/internal/enginetest"
)

// user makes calls that need a capability: one that containers have by default
// and one that they have not.
const user = `package main

import "syscall"

func main() {
	if err := syscall.Chown("/etc/passwd", 1, 1); err != nil {
		panic(err)
	}
	if err := syscall.Sethostname([]byte("other")); err != syscall.EPERM {
		panic(err)
	}
}
`

// staticProgram builds a static Go program from source.
func staticProgram(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "main.go"), filepath.Join(dir, "program")
	if err := os.WriteFile(in, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, in)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRecorder records two containers: what each calls, and which capabilities
// it is asked for.
func TestRecorder(t *testing.T) {
	for _, p := range Probes() {
		if (p.Name == "BTF" || p.Name == "tp_btf") && p.Status != Works {
			t.Skipf("no recorder: %s: %s", p.Name, p.Detail)
		}
	}
	enginetest.Engine(t)
	enginetest.Image(t, "bulkhead-test/usage:1", enginetest.File{Name: "use", Text: staticProgram(t, user), Mode: 0o755})
	r, err := NewRecorder()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	asks := enginetest.Create(t, "--user", "0", "bulkhead-test/usage:1", "/use")
	enginetest.Docker(t, "start", "-a", asks)
	quiet := enginetest.Run(t, "bulkhead-test/usage:1")
	usages, err := r.Usages()
	if err != nil {
		t.Fatal(err)
	}
	u, ok := usages[asks]
	if !ok {
		t.Fatalf("nothing is recorded of %s", asks)
	}
	t.Logf("runtime %v\nprogram %v\nrefused %v\ngiven %v, missing %v", u.Runtime, u.Program, u.Refused, u.Given, u.Missing)
	if !slices.Contains(u.Program, unix.SYS_FCHOWNAT) || !slices.Contains(u.Program, unix.SYS_EXIT_GROUP) {
		t.Errorf("program: got %v, want fchownat and exit_group among them", u.Program)
	}
	if !slices.Contains(u.Refused, unix.SYS_SETHOSTNAME) || slices.Contains(u.Program, unix.SYS_SETHOSTNAME) {
		t.Errorf("refused by seccomp: got %v of %v, want sethostname", u.Refused, u.Program)
	}
	if !slices.Contains(u.Runtime, unix.SYS_EXECVE) || slices.Contains(u.Program, unix.SYS_EXECVE) {
		t.Errorf("execve: got runtime %v, program %v, want it to be the runtime's", u.Runtime, u.Program)
	}
	if r.Capabilities && (!slices.Contains(u.Given, unix.CAP_CHOWN) || !slices.Contains(u.Missing, unix.CAP_SYS_ADMIN)) {
		t.Errorf("capabilities: got given %v, missing %v, want CHOWN given and SYS_ADMIN missing", u.Given, u.Missing)
	}
	q, ok := usages[quiet]
	if !ok || slices.Contains(q.Program, unix.SYS_SETHOSTNAME) || len(q.Program) == 0 {
		t.Errorf("the other container: got %v, want calls, and no sethostname", q.Program)
	}
}

// ask asks for SYS_ADMIN, as root and as nobody.
func ask() {
	name := []byte("other")
	given := unix.Sethostname(name)
	changed := unix.Setuid(65534)
	missing := unix.Sethostname(name)
	fmt.Println(given, changed, missing)
}

// TestRecorderOfGroup records a control group as a container has it: what it calls,
// and which capabilities it is asked for, by whatever this kernel has to tell it.
func TestRecorderOfGroup(t *testing.T) {
	needsKernel(t)
	r, err := NewRecorder()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	id := strings.Repeat("ac", 32)
	dir := filepath.Join(tells().root, id)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("no control group can be made: %v", err)
	}
	defer removeGroup(dir)
	cmd := exec.Command("/bin/sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$1"`, dir, fmt.Sprintf("/proc/%d/exe", os.Getpid()))
	cmd.Env = []string{asking + "=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUTS}
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "<nil> <nil> operation not permitted\n" {
		t.Fatalf("got %s, %v", out, err)
	}
	usages, err := r.Usages()
	if err != nil {
		t.Fatal(err)
	}
	u := usages[id]
	if !slices.Contains(u.Program, unix.SYS_SETHOSTNAME) || !slices.Contains(u.Program, unix.SYS_SETUID) || slices.Contains(u.Program, unix.SYS_SWAPON) {
		t.Errorf("got calls %v, want sethostname and setuid among them", u.Program)
	}
	if want := tracepointExists("cap_capable") || tried("fentry").Status == Works; r.Capabilities != want {
		t.Fatalf("got capabilities %t, want %t", r.Capabilities, want)
	}
	if r.Capabilities && (!slices.Contains(u.Given, unix.CAP_SYS_ADMIN) || !slices.Contains(u.Given, unix.CAP_SETUID) || !slices.Contains(u.Missing, unix.CAP_SYS_ADMIN) || slices.Contains(u.Missing, unix.CAP_SETUID)) {
		t.Errorf("got given %v, missing %v; want SYS_ADMIN in both and SETUID given", u.Given, u.Missing)
	}
}
