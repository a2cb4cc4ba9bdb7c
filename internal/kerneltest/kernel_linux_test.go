package kerneltest

import (
	"os"
	"strings"
	"testing"

	"bulkhead/internal/kerneltest/plan"
)

// A proof is a test that has to pass in the machine, and what that shows.
type proof struct{ test, shows string }

var (
	ofSensor = []proof{
		{"TestAccounting", "the sensor tells of programs and calls, and every event is read or counted as dropped"},
		{"TestFilter", "calls of one control group alone leave the kernel, with the container's name"},
		{"TestCompat", "32-bit calls are not taken for others"},
		{"TestRefuse", "through BPF-LSM, one control group cannot run or load what is not of its image; others can"},
		{"TestKill", "without it, what is not of the image is killed"},
		{"TestRecorderOfGroup", "calls and capabilities are recorded, without the tracepoint that newer kernels have"},
		{"TestEgress", "one control group cannot connect to networks that are not allowed; others can"},
	}
	ofService = []proof{
		{"TestConfined/works", "redis does its work under the AppArmor profile that was learned, and nothing is denied"},
		{"TestConfined/write_elsewhere/" + unconfined, "without the profile it can write to /tmp"},
		{"TestConfined/write_elsewhere/" + profileName, "under it, it cannot"},
		{"TestConfined/other_program/" + unconfined, "without the profile other programs can be run"},
		{"TestConfined/other_program/" + profileName, "under it they cannot"},
		{"TestConfined", "the kernel's log says that AppArmor denied both"},
	}
	ofWatch = []proof{
		{"TestWatch", "watch --enforce uses BPF-LSM for a container of Docker, and says so; another is left alone"},
	}
)

// TestKernel boots a kernel with BPF-LSM and AppArmor, and has tests run there
// that the kernel of this machine may not be able to run.
func TestKernel(t *testing.T) {
	if os.Getenv("BULKHEAD_KERNEL") == "" {
		t.Skip("it boots a virtual machine: make test-kernel")
	}
	m := newMachine(t)
	m.serve(t)
	m.appArmor(t)
	m.programs(t, enginePrograms...)
	m.file(t, "bin/bulkhead", build(t, "build", "bulkhead/cmd/bulkhead"))
	m.file(t, "tests/sensor", build(t, "test", "bulkhead/internal/sensor", "-c"))
	m.file(t, "tests/service", build(t, "test", ".", "-c"))
	names := ""
	for _, p := range ofSensor {
		names += "|" + p.test
	}
	m.steps = []plan.Step{
		{Name: "doctor", Args: []string{"/bin/bulkhead", "doctor", "--no-engine"}},
		{Name: "sensor", Args: []string{"/tests/sensor", "-test.v", "-test.timeout", limit, "-test.run", "^(" + names[1:] + ")$", "-test.skip", "^TestFilter$/^v2$"}},
		{Name: "service", Args: []string{"/tests/service", "-test.v", "-test.timeout", limit, "-test.run", "^TestConfined$"}, Env: []string{inGuest + "=1"}},
		{Name: "watch", Args: []string{"/tests/service", "-test.v", "-test.timeout", limit, "-test.run", "^TestWatch$"}, Env: []string{inGuest + "=1", "DOCKER_RAMDISK=1"}},
	}
	got := m.boot(t)
	check(t, got["doctor"], nil)
	for _, name := range []string{"BTF", "tp_btf", "ring buffer", "BPF-LSM", "cgroup/connect4", "AppArmor"} {
		if !worksIn(got["doctor"].output, name) {
			t.Errorf("doctor does not find %s:\n%s", name, got["doctor"].output)
			continue
		}
		t.Logf("ok: doctor finds %s", name)
	}
	check(t, got["sensor"], ofSensor)
	check(t, got["service"], ofService)
	check(t, got["watch"], ofWatch)
}

// limit is how long the tests of a step may take.
const limit = "6m"

// worksIn reports whether doctor has said that something works.
func worksIn(output, name string) bool {
	for line := range strings.Lines(output) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.HasPrefix(strings.TrimSpace(rest), "works ")
		}
	}
	return false
}
