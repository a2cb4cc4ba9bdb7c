package sensor

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// helper starts n system calls in another process and returns its number.
func helper(t *testing.T, n int) int {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), noisy+"="+strconv.Itoa(n))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("helper: %v\n%s", err, out)
	}
	return cmd.Process.Pid
}

// tried tries the kind of program of that name.
func tried(name string) Probe {
	for _, t := range trials() {
		if t.name == name {
			return t.try()
		}
	}
	return fails(name, "there is no such kind")
}

// needsKernel skips where the sensor cannot work, with the reason.
func needsKernel(t testing.TB) {
	t.Helper()
	for _, p := range []func() Probe{probeBTF, probeRingBuffer, func() Probe { return tried("tp_btf") }} {
		if p := p(); p.Status != Works {
			t.Skipf("no sensor: %s: %s", p.Name, p.Detail)
		}
	}
}

// opened returns a sensor for calls, or skips with the reason.
func opened(t *testing.T, calls ...string) *Sensor {
	t.Helper()
	needsKernel(t)
	start := time.Now()
	s, err := Open(Options{EventTypes: calls})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("opened in %v", time.Since(start))
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// TestAccounting: what the kernel produced was read or dropped, to the event,
// where nobody reads in time and where somebody does.
func TestAccounting(t *testing.T) {
	t.Run("overflow", func(t *testing.T) {
		s := opened(t, "dup")
		const calls = 200_000 // more than the ring has room for
		pid := helper(t, calls)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		seen := 0
		if err := s.Run(ctx, func(e *Event) {
			if e.PID == uint32(pid) && e.name == "dup" {
				seen++
			}
		}); err != nil {
			t.Fatal(err)
		}
		c, err := s.Counts()
		if err != nil || c.Produced != c.Read+c.Dropped || c.Dropped == 0 || c.Produced < calls || seen == 0 || uint64(seen) > c.Read {
			t.Errorf("got %+v, %d seen, %v, want produced to be read and dropped, and some of each", c, seen, err)
		}
	})
	t.Run("read", func(t *testing.T) {
		s := opened(t, "dup", "execve")
		const calls = 20_000 // fewer than the ring has room for
		pid := helper(t, calls)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		seen, started := 0, ""
		if err := s.Run(ctx, func(e *Event) {
			switch {
			case e.PID != uint32(pid):
			case e.name == "execve":
				started = strings.Join(e.proc.argv, " ")
			case e.Ret == -int64(syscall.EBADF):
				seen++
			}
		}); err != nil {
			t.Fatal(err)
		}
		c, err := s.Counts()
		if err != nil || c.Produced != c.Read || c.Dropped != 0 || seen != calls || started != "/proc/self/exe" {
			t.Errorf("got %+v, %d of %d calls of %q, %v, want all of them", c, seen, calls, started, err)
		}
	})
}

// TestObject compiles the programs and compares them with the objects that are
// embedded. Another version of the compiler writes another object.
func TestObject(t *testing.T) {
	version, err := exec.Command("clang", "--version").Output()
	if err != nil {
		t.Skip("clang is not installed")
	}
	if !bytes.Contains(version, []byte("clang version 14.")) {
		t.Skipf("the object was made with clang 14; this is %s", bytes.SplitN(version, []byte("\n"), 2)[0])
	}
	if _, err := exec.LookPath("llvm-strip"); err != nil {
		t.Skip("llvm-strip is not installed")
	}
	dir, err := filepath.Abs("bpf")
	if err != nil {
		t.Fatal(err)
	}
	for name, embedded := range map[string][]byte{"sensor": programs, "usage": usagePrograms, "enforce": enforcePrograms} {
		if got := compiled(t, dir, name); !bytes.Equal(got, embedded) {
			t.Errorf("bpf/%s.o (%d bytes) is not what bpf/%s.c compiles to (%d bytes); run go generate", name, len(embedded), name, len(got))
		}
	}
}

// compiled returns the object that dir/name.c compiles to.
func compiled(t *testing.T, dir, name string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), name+".o")
	compile := exec.Command("clang", "-target", "bpf", "-g", "-O2", "-Wall", "-Werror", "-mcpu=v3", "-fdebug-prefix-map="+dir+"=.", "-c", name+".c", "-o", out)
	compile.Dir = dir
	for _, cmd := range []*exec.Cmd{compile, exec.Command("llvm-strip", "-g", out)} {
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, text)
		}
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestOtherNamespace: where processes have other numbers, nothing would fit
// together, and the sensor says so.
func TestOtherNamespace(t *testing.T) {
	needsKernel(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), apart+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	out, err := cmd.Output()
	if want := "watching needs the numbers that the host has for processes"; err != nil || !strings.HasPrefix(string(out), want) {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
}
