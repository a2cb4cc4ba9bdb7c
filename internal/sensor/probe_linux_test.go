package sensor

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/cilium/ebpf"
)

// TestProbes: every probe has a name of its own and says something, and trying
// leaves nothing behind.
func TestProbes(t *testing.T) {
	before := descriptors(t)
	probes := Probes()
	seen := map[string]bool{}
	for _, p := range probes {
		if seen[p.Name] || p.Detail == "" || !slices.Contains([]Status{Works, Fails, Untried}, p.Status) {
			t.Errorf("got %+v, want a name of its own, a status and a detail", p)
		}
		seen[p.Name] = true
	}
	for _, name := range []string{"BTF", "ring buffer", "tp_btf", "fentry", "BPF-LSM", "kprobe", "cgroup/connect4", "cgroups", "tracefs"} {
		if !seen[name] {
			t.Errorf("%s was not tried", name)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(unifiedRoot(), "bulkhead-doctor-*")); len(left) > 0 && unifiedRoot() != "" {
		t.Errorf("control groups left behind: %s", left)
	}
	// The first run opens what stays open for the process, such as its poller.
	if after, again := descriptors(t), len(Probes()); descriptors(t) > after || again != len(probes) {
		t.Errorf("%d descriptors, then %d, then %d", before, after, descriptors(t))
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestUntried: without root, what needs root is said to be untried, not to fail.
func TestUntried(t *testing.T) {
	for _, p := range append(bpfProbes(false), probeFanotify(false)) {
		if p.Status != Untried || !strings.Contains(p.Detail, "needs root") {
			t.Errorf("%s: got %s, %q, want untried for root", p.Name, p.Status, p.Detail)
		}
	}
}

func TestMeaning(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("load: %w", syscall.ENOSYS), "does not have the system call"},
		{syscall.EINVAL, "does not know it"},
		{ebpf.ErrNotSupported, "does not know it"},
		{errNotSupported, "does not know it"},
		{fmt.Errorf("open: %w", os.ErrNotExist), "not there"},
		{syscall.ENOSPC, "a limit is reached"},
		{fmt.Errorf("creating x: checking y: no tracefs\nand more"), "no tracefs"},
	} {
		if got := meaning(tt.err); !strings.Contains(got, tt.want) || strings.Contains(got, "\n") {
			t.Errorf("%v: got %q, want %q in one line", tt.err, got, tt.want)
		}
	}
	if got := meaning(syscall.EPERM); strings.Contains(got, "although this is root") != (os.Geteuid() == 0) {
		t.Errorf("EPERM: got %q", got)
	}
}

// TestPrograms: where there are no programs for an architecture, doctor and the
// sensor say so, and which it is.
func TestPrograms(t *testing.T) {
	if p := probePrograms("amd64"); p.Status != Works {
		t.Errorf("got %+v, want them to work", p)
	}
	if p := probePrograms("arm64"); p.Status != Fails || !strings.Contains(p.Detail, "none for arm64") {
		t.Errorf("got %+v, want it to fail for arm64", p)
	}
}
