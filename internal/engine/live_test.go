package engine

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/enginetest"
	"bulkhead/internal/model"
)

const testImage = "bulkhead-engine-test:1"

// openLive opens the test's engine.
func openLive(t testing.TB) *Engine {
	t.Helper()
	e, err := Open(t.Context(), Options{Host: enginetest.Engine(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// facts returns the facts of the engine, and the workload of container id.
func facts(t testing.TB, e *Engine, id string) (*model.Facts, *model.Workload) {
	t.Helper()
	all, err := e.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all.Workloads, func(w *model.Workload) bool { return w.Engine == id })
	if i < 0 {
		t.Fatalf("container %s is not among %d", id, len(all.Workloads))
	}
	return all, all.Workloads[i]
}

// TestStates: containers are read whatever they do, and only those that run
// have the kernel's word.
func TestStates(t *testing.T) {
	e := openLive(t)
	enginetest.Image(t, testImage)
	for _, tt := range []struct {
		status string
		kernel bool
		make   func() string
	}{
		{"created", false, func() string { return enginetest.Create(t, testImage) }},
		{"running", true, func() string { return enginetest.Run(t, testImage) }},
		{"paused", true, func() string {
			id := enginetest.Run(t, testImage)
			enginetest.Docker(t, "pause", id)
			return id
		}},
		{"exited", false, func() string {
			id := enginetest.Run(t, testImage)
			enginetest.Docker(t, "stop", id)
			return id
		}},
	} {
		_, w := facts(t, e, tt.make())
		if w.Status != tt.status {
			t.Errorf("%s: status %s", tt.status, w.Status)
		}
		if os.Geteuid() == 0 && (w.Kernel != nil) != tt.kernel {
			t.Errorf("%s: the kernel's word is there: %v, want %v", tt.status, w.Kernel != nil, tt.kernel)
		}
		if w.Image.Config == nil || w.Image.Config.User.Value.Name != "app" {
			t.Errorf("%s: the image's configuration is missing", tt.status)
		}
	}
}

// TestAsked: what a container was asked to be is what its facts say.
func TestAsked(t *testing.T) {
	e := openLive(t)
	enginetest.Image(t, testImage)
	net := "bulkhead-engine-test"
	enginetest.Docker(t, "network", "create", "--internal", "--opt", "encrypted", "--opt", "com.docker.network.bridge.enable_icc=false", net)
	t.Cleanup(func() { enginetest.Docker(t, "network", "rm", net) }) // after the containers on it
	enginetest.Docker(t, "volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device=/etc", net)
	t.Cleanup(func() { enginetest.Docker(t, "volume", "rm", net) })
	id := enginetest.Run(t, "--network", net, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--memory", "64m", "--pids-limit", "50", "-v", net+":/x:ro", "--tmpfs", "/tmp:size=1m", testImage)
	all, w := facts(t, e, id)
	if !w.ReadOnlyRoot.Value || !w.NoNewPrivileges.Value || w.Memory.Value != 64<<20 || w.PIDs.Value != 50 || w.MemorySwap.State != model.Unset {
		t.Errorf("read-only %v, no-new-privileges %v, memory %d, pids %d, swap %s, want true, true, %d, 50, unset",
			w.ReadOnlyRoot.Value, w.NoNewPrivileges.Value, w.Memory.Value, w.PIDs.Value, w.MemorySwap.State, 64<<20)
	}
	if len(w.Mounts) != 2 || w.Mounts[1].Kind != model.BindMount || w.Mounts[1].Source.Value != "/etc" {
		t.Errorf("mounts %+v, want a tmpfs and the volume that is the host's /etc", w.Mounts)
	}
	if want := (model.User{Name: "app", UID: 1000, GID: 1000}); os.Geteuid() == 0 && w.User.Value != want {
		t.Errorf("user %+v, want %+v", w.User.Value, want)
	}
	if w.CgroupNS.Value.Mode == "host" && w.CgroupNS.State != model.Unknown {
		t.Errorf("cgroup namespace host (%s), want unknown: nobody asked for it", w.CgroupNS.State)
	}
	if len(w.Attachments) != 1 || w.Attachments[0].Network == nil {
		t.Fatalf("attachments %+v, want one that knows its network", w.Attachments)
	}
	n := w.Attachments[0].Network
	if n.Name != net || !n.Internal.Value || n.ICC.Value || !n.Encrypted.Value || n.Driver.Value != "bridge" {
		t.Errorf("network %+v, want an internal bridge without icc that claims to be encrypted", n)
	}
	if len(all.Hosts) != 1 || !all.Hosts[0].Live || !all.Hosts[0].SocketMode.Known() || !all.Hosts[0].ICC.Known() {
		t.Errorf("hosts %+v, want a live one with the mode of its socket and icc", all.Hosts)
	}
}

// TestPrivileged: a privileged container that was never started counts, and
// what the engine adds to it is not taken for asked.
func TestPrivileged(t *testing.T) {
	e := openLive(t)
	enginetest.Image(t, testImage)
	_, w := facts(t, e, enginetest.Create(t, "--privileged", "--security-opt", "apparmor=does-not-exist", testImage))
	if !w.Privileged.Value || w.UnmaskedPaths.Value || w.SELinux.State != model.Unset || w.AppArmor.Value != "does-not-exist" {
		t.Errorf("privileged %v, unmasked %v, SELinux %s, AppArmor %s, want true, false, unset, does-not-exist",
			w.Privileged.Value, w.UnmaskedPaths.Value, w.SELinux.State, w.AppArmor.Value)
	}
}

// TestPublished: a port published on every address is one port.
func TestPublished(t *testing.T) {
	e := openLive(t)
	enginetest.Image(t, testImage)
	_, w := facts(t, e, enginetest.Run(t, "-p", "7000", "-p", "127.0.0.1::7001", testImage))
	if len(w.Ports) != 2 || w.Ports[0].HostIP.Value != "" || w.Ports[0].HostFirst == 0 || !w.Ports[1].Loopback() {
		t.Errorf("ports %+v, want 7000 on every address and 7001 on the loopback", w.Ports)
	}
}

// TestImage: an image is found by its name, with its history; one that is not
// there is told from a failure.
func TestImage(t *testing.T) {
	e := openLive(t)
	enginetest.Image(t, testImage)
	f, err := e.Image(t.Context(), testImage)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(f.Text), `"History":[`) {
		t.Errorf("no history in %s", f.Text)
	}
	if _, err := e.Image(t.Context(), "bulkhead-engine-test:missing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing image: got %v, want ErrNotFound", err)
	}
	if _, _, err := e.Container(t.Context(), "bulkhead-engine-test-missing"); !errors.Is(err, ErrNotFound) {
		t.Errorf("missing container: got %v, want ErrNotFound", err)
	}
}

// BenchmarkFacts reads an engine with twenty running containers.
func BenchmarkFacts(b *testing.B) {
	e := openLive(b)
	enginetest.Image(b, testImage)
	for range 20 {
		enginetest.Run(b, "--label", "of=bulkhead-bench", testImage)
	}
	var slowest time.Duration
	for b.Loop() {
		start := time.Now()
		if _, err := e.Facts(b.Context()); err != nil {
			b.Fatal(err)
		}
		slowest = max(slowest, time.Since(start))
	}
	b.ReportMetric(float64(slowest.Milliseconds()), "slowest-ms")
}
