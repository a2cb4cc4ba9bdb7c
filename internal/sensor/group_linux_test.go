package sensor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cilium/ebpf"
)

// inGroup runs the noisy helper in a control group of its own, below root, and
// removes the group. It returns the helper's process number.
func inGroup(t *testing.T, root, name string, before func(cgroup uint64)) int {
	t.Helper()
	dir := filepath.Join(root, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("no control group can be made: %v", err)
	}
	defer removeGroup(dir)
	var st syscall.Stat_t
	if err := syscall.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	before(st.Ino)
	const calls = 1000
	cmd := exec.Command("/bin/sh", "-c", `echo $$ > "$0/cgroup.procs" && exec /proc/`+fmt.Sprint(os.Getpid())+`/exe`, dir)
	cmd.Env = append(os.Environ(), noisy+"="+fmt.Sprint(calls))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("helper: %v\n%s", err, out)
	}
	return cmd.Process.Pid
}

// removeGroup removes a control group whose processes have ended.
func removeGroup(dir string) {
	for end := time.Now().Add(5 * time.Second); os.Remove(dir) != nil && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // until the kernel has put them away
	}
}

// TestFilter: the calls of a container that nobody wants stay in the kernel, those
// of another come with its name, and a group that goes is forgotten; by the
// hierarchy that is used here and by that of version 2.
func TestFilter(t *testing.T) {
	needsKernel(t)
	for name, h := range map[string]hierarchy{"used": tells(), "v2": {unifiedRoot(), -1}} {
		t.Run(name, func(t *testing.T) {
			if h.root == "" {
				t.Skip("there is no such hierarchy")
			}
			testFilter(t, h)
		})
	}
}

func testFilter(t *testing.T, h hierarchy) {
	wanted, unwanted := strings.Repeat("ab", 32), strings.Repeat("cd", 32)
	s, err := Open(Options{
		EventTypes: []string{"dup"}, groups: &h,
		Chosen: func(c *Container) bool { return c != nil && c.ID == wanted },
		Describe: func(_ context.Context, id string) (*Container, error) {
			return &Container{ID: id, Name: id[:2]}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	seen := map[uint32]map[string]int{}
	go func() {
		ended <- s.Run(ctx, func(e *Event) {
			name := "host"
			if e.Container != nil {
				name = e.Container.Name
			}
			if seen[e.PID] == nil {
				seen[e.PID] = map[string]int{}
			}
			seen[e.PID][name]++
		})
	}()
	// muted waits until the sensor has decided about a group, or has forgotten it.
	muted := func(cgroup uint64, want bool) {
		var one uint8
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if (s.collection.Maps["muted"].Lookup(cgroup, &one) == nil) == want {
				return
			}
		}
		t.Errorf("group %d: got muted %v, want %v", cgroup, !want, want)
	}
	loud := inGroup(t, h.root, wanted, func(uint64) {})
	var gone uint64
	quiet := inGroup(t, h.root, unwanted, func(cgroup uint64) { gone = cgroup; muted(cgroup, true) })
	muted(gone, false)
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := seen[uint32(loud)]["ab"]; got != 1000 {
		t.Errorf("got %v of the wanted container, want 1000", seen[uint32(loud)])
	}
	if got := seen[uint32(quiet)]["cd"]; got > 0 {
		t.Errorf("got %v of the unwanted container, want none", seen[uint32(quiet)])
	}
}

// TestSnapshot: the kernel's list of processes tells of one that ran before what
// /proc does, and what it does not.
func TestSnapshot(t *testing.T) {
	s := opened(t, "dup")
	if l := s.collection.Programs["found"]; l.Type() != ebpf.Tracing {
		t.Fatalf("got a program of type %v", l.Type())
	}
	tr := s.tracker(func(*Event) {}, func(string) {})
	s.snapshot(tr)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := tr.procs[uint32(os.Getpid())]
	if p == nil || !p.known || p.exe != self || p.file.inode == 0 || len(p.argv) == 0 || p.parent == nil || p.parent.pid != uint32(os.Getppid()) {
		t.Errorf("got %+v, want this process", p)
	}
	if first := tr.procs[1]; first == nil || first.start == 0 && first.comm == "" {
		t.Errorf("got %+v, want the first process", first)
	}
}
