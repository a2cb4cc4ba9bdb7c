package kernel

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/model"
)

const image = "bulkhead-kernel-test:1"

// start runs a container and returns the number of its first process.
func start(t *testing.T, args ...string) int {
	t.Helper()
	id := enginetest.Run(t, args...)
	pid, err := strconv.Atoi(enginetest.Docker(t, "inspect", "-f", "{{.State.Pid}}", id))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func readLive(t *testing.T, pid int) *model.Kernel {
	t.Helper()
	k, err := Read("/", pid)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestLive: what a container was started with is what the kernel says.
func TestLive(t *testing.T) {
	enginetest.Engine(t)
	if os.Geteuid() != 0 {
		t.Skip("reading a container's namespaces needs root")
	}
	enginetest.Image(t, image)

	t.Run("default", func(t *testing.T) {
		k := readLive(t, start(t, image))
		if k.NoNewPrivs || k.Seccomp != 2 || k.RootRO || k.UIDMapped {
			t.Errorf("no-new-privileges %v, seccomp %d, read-only %v, uids mapped %v, want false, 2, false, false",
				k.NoNewPrivs, k.Seccomp, k.RootRO, k.UIDMapped)
		}
		if k.MemoryMax != 0 || k.CPUs != 0 {
			t.Errorf("memory %d, cpus %v, want no limits (0)", k.MemoryMax, k.CPUs)
		}
		if k.Tasks[0].UIDIn != 1000 || k.Tasks[0].Command != "app" {
			t.Errorf("first process %+v, want app of uid 1000", k.Tasks[0])
		}
		if i := slices.IndexFunc(k.HostNamespaces, func(ns string) bool { return ns == "pid" || ns == "net" || ns == "ipc" || ns == "uts" || ns == "mnt" }); i >= 0 {
			t.Errorf("shares namespace %s with the host, want none of its own", k.HostNamespaces[i])
		}
	})
	t.Run("hardened", func(t *testing.T) {
		k := readLive(t, start(t, "--read-only", "--security-opt", "no-new-privileges", "--cap-drop", "ALL",
			"--memory", "64m", "--memory-swap", "64m", "--pids-limit", "50", "--cpus", "0.5", image))
		if !k.NoNewPrivs || !k.RootRO || k.CapEff != 0 || k.CapBnd != 0 {
			t.Errorf("no-new-privileges %v, read-only %v, capabilities %x %x, want true, true, 0 0", k.NoNewPrivs, k.RootRO, k.CapEff, k.CapBnd)
		}
		if k.MemoryMax != 64<<20 || k.PIDsMax != 50 || k.CPUs != 0.5 {
			t.Errorf("memory %d, pids %d, cpus %v, want %d, 50, 0.5", k.MemoryMax, k.PIDsMax, k.CPUs, 64<<20)
		}
		counted := enginetest.Docker(t, "info", "-f", "{{.SwapLimit}}") == "true"
		if k.SwapAccounting != counted {
			t.Errorf("swap is counted: %v, the engine says %v", k.SwapAccounting, counted)
		}
		if counted && k.SwapMax != 64<<20 {
			t.Errorf("memory and swap %d, want %d", k.SwapMax, 64<<20)
		}
	})
	t.Run("unconfined", func(t *testing.T) {
		if k := readLive(t, start(t, "--security-opt", "seccomp=unconfined", image)); k.Seccomp != 0 {
			t.Errorf("seccomp %d, want 0", k.Seccomp)
		}
	})
	t.Run("host namespaces", func(t *testing.T) {
		k := readLive(t, start(t, "--user", "0", "--network", "host", "--pid", "host", image, "/app", "listen", "127.0.0.1:0"))
		if !slices.Contains(k.HostNamespaces, "net") || !slices.Contains(k.HostNamespaces, "pid") || slices.Contains(k.HostNamespaces, "mnt") {
			t.Errorf("shares %v with the host, want net and pid, not mnt", k.HostNamespaces)
		}
		if len(k.Tasks) != 1 {
			t.Errorf("%d processes, want 1: those of the host are not the container's", len(k.Tasks))
		}
		if len(k.Listening) != 1 || k.Listening[0].Address != "127.0.0.1" {
			t.Errorf("listens on %v, want one socket on 127.0.0.1: those of the host are not the container's", k.Listening)
		}
	})
}

// TestLiveTasks: every process of a container counts, whoever started it.
func TestLiveTasks(t *testing.T) {
	enginetest.Engine(t)
	enginetest.Image(t, image)

	t.Run("root starts another", func(t *testing.T) {
		k := readLive(t, start(t, "--user", "0", image, "/app", "child", "1000"))
		var uids []string
		for _, task := range k.Tasks {
			uids = append(uids, strconv.FormatInt(task.UIDIn, 10))
		}
		if got := strings.Join(uids, " "); got != "0 1000" {
			t.Errorf("uids %q, want %q", got, "0 1000")
		}
	})
	t.Run("exec as root", func(t *testing.T) {
		id := enginetest.Run(t, image)
		enginetest.Docker(t, "exec", "-d", "--user", "0", id, "/app", "listen", "0.0.0.0:7000")
		pid, err := strconv.Atoi(enginetest.Docker(t, "inspect", "-f", "{{.State.Pid}}", id))
		if err != nil {
			t.Fatal(err)
		}
		k := readLive(t, pid)
		root := slices.IndexFunc(k.Tasks, func(task model.Task) bool { return task.UIDIn == 0 })
		if len(k.Tasks) != 2 || root != 1 {
			t.Errorf("processes %+v, want the first of uid 1000 and another of uid 0", k.Tasks)
		}
	})
	t.Run("listens", func(t *testing.T) {
		k := readLive(t, start(t, image, "/app", "listen", ":7000"))
		if len(k.Listening) != 1 || k.Listening[0].Port != 7000 || k.Listening[0].Protocol != "tcp" {
			t.Errorf("listens on %+v, want tcp port 7000", k.Listening)
		}
	})
	t.Run("user by name", func(t *testing.T) {
		pid := start(t, image)
		got := LookupUser("/", pid, model.User{Name: "app", UID: -1, GID: -1})
		if want := (model.User{Name: "app", UID: 1000, GID: 1000}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// TestAppArmor: an AppArmor profile asked for on a kernel without it is not in
// force, and the container starts all the same.
func TestAppArmor(t *testing.T) {
	enginetest.Engine(t)
	modules := listModules()
	if modules == nil {
		t.Skip("the kernel does not say which security modules are active")
	}
	if slices.Contains(modules, "apparmor") {
		t.Skip("the kernel has AppArmor")
	}
	enginetest.Image(t, image)
	k := readLive(t, start(t, "--security-opt", "apparmor=does-not-exist", image))
	if k.AppArmor != "" || slices.Contains(k.LSM, "apparmor") || len(k.LSM) == 0 {
		t.Errorf("AppArmor %q, modules %v, want none and some", k.AppArmor, k.LSM)
	}
}
