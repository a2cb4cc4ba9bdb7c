package kerneltest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulkhead/internal/imagetest"
	"bulkhead/internal/kerneltest/plan"
)

// A debianKernel is a kernel's package, unpacked.
type debianKernel struct{ dir, release string }

// needs are what the kernel has to be built with.
var needs = [...]string{"CONFIG_BPF_LSM=y", "CONFIG_DEBUG_INFO_BTF=y", "CONFIG_SECURITY_APPARMOR=y", "CONFIG_IA32_EMULATION=y", "CONFIG_OVERLAY_FS=m"}

// fetched returns Debian's kernel for virtual machines, which is kept.
func fetched(t *testing.T) *debianKernel {
	t.Helper()
	dir := imagetest.Cache(t, "kernel")
	found := func() string {
		images, _ := filepath.Glob(dir + "/boot/vmlinuz-*") // the pattern is well-formed
		if len(images) != 1 {
			return ""
		}
		return strings.TrimPrefix(filepath.Base(images[0]), "vmlinuz-")
	}
	if found() == "" {
		get := exec.Command("sh", "-ec", `
			name=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/ *Depends: \(linux-image-[0-9].*\)/\1/p')
			apt-get download -q "$name"
			dpkg -x linux-image-*.deb .
			rm linux-image-*.deb`)
		get.Dir = dir
		if out, err := get.CombinedOutput(); err != nil {
			t.Fatalf("fetch the kernel: %v\n%s", err, out)
		}
	}
	k := &debianKernel{dir, found()}
	config, err := os.ReadFile(k.path("boot/config-" + k.release))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range needs {
		if !strings.Contains(string(config), "\n"+n+"\n") {
			t.Errorf("Linux %s is not built with %s", k.release, n)
		}
	}
	return k
}

// appArmor gives the machine AppArmor's parser, which is kept.
func (m *machine) appArmor(t *testing.T) {
	t.Helper()
	dir := imagetest.Cache(t, "apparmor")
	if _, err := os.Stat(filepath.Join(dir, parser)); err != nil {
		get := exec.Command("sh", "-c", "apt-get download -q apparmor && dpkg -x apparmor_*.deb .")
		get.Dir = dir
		if out, err := get.CombinedOutput(); err != nil {
			t.Fatalf("fetch AppArmor's parser: %v\n%s", err, out)
		}
	}
	for _, name := range []string{parser, "/etc/apparmor/parser.conf", "/usr/share/apparmor-features/features"} {
		m.file(t, name, filepath.Join(dir, name))
	}
}

// path returns a path in the package.
func (k *debianKernel) path(name string) string { return filepath.Join(k.dir, name) }

// A machine is what to boot.
type machine struct {
	kernel *debianKernel
	files  *cpio
	disk   *os.File
	steps  []plan.Step
}

// newMachine returns one with its first process and no steps.
func newMachine(t *testing.T) *machine {
	t.Helper()
	k := fetched(t)
	disk, err := os.Create(filepath.Join(t.TempDir(), "initramfs"))
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{kernel: k, files: newCPIO(disk), disk: disk}
	m.file(t, "init", build(t, "build", "./guest"))
	m.file(t, plan.Modules+"/overlay.ko", k.path("lib/modules/"+k.release+"/kernel/fs/overlayfs/overlay.ko"))
	return m
}

// file copies a file into the machine.
func (m *machine) file(t *testing.T, name, from string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	m.files.add(&entry{name: strings.TrimPrefix(name, "/"), mode: regular | 0o755, data: data})
}

// build runs go build, or go test -c, and returns the program.
func build(t *testing.T, command, pkg string, flags ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", append(append([]string{command, "-trimpath", "-ldflags=-s -w", "-o", out}, flags...), pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, text)
	}
	return out
}

// patience is how long a machine may take, which nothing accelerates.
const patience = 15 * time.Minute

// A result is what came of a step.
type result struct {
	output string
	status string // "ok", what was wrong, or "" where it did not end
}

// boot runs the machine to its end and returns the results of its steps.
func (m *machine) boot(t *testing.T) map[string]result {
	t.Helper()
	text, err := json.Marshal(m.steps)
	if err != nil {
		t.Fatal(err)
	}
	m.files.add(&entry{name: plan.File[1:], mode: regular | 0o644, data: text})
	if err := m.files.close(); err != nil {
		t.Fatal(err)
	}
	if err := m.disk.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	start := time.Now()
	// One thread for both processors: with one each, the kernel locked up in one of
	// nine boots, and was no faster.
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64",
		"-accel", "tcg,thread=single", "-smp", "2", "-m", "2048", "-cpu", "max", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio",
		"-kernel", m.kernel.path("boot/vmlinuz-"+m.kernel.release), "-initrd", m.disk.Name(),
		"-append", "console=ttyS0 loglevel=4 no_timer_check panic=-1 softlockup_panic=1 mitigations=off lsm=landlock,yama,apparmor,bpf rdinit=/init")
	console := &bytes.Buffer{}
	kept, err := os.Create(m.kernel.path("console.log"))
	if err != nil {
		t.Fatal(err)
	}
	qemu.Stdout = io.MultiWriter(console, kept)
	qemu.Stderr = qemu.Stdout
	err = errors.Join(qemu.Run(), kept.Close())
	said := strings.ReplaceAll(console.String(), "\r", "")
	t.Logf("Linux %s ran for %.0f s, %.0f s of processor time; its console is in %s",
		m.kernel.release, time.Since(start).Seconds(), qemu.ProcessState.UserTime().Seconds()+qemu.ProcessState.SystemTime().Seconds(), kept.Name())
	if err != nil || !strings.Contains(said, plan.Done) {
		t.Errorf("the machine did not end as it should: %v, %v; its last lines:\n%s", err, ctx.Err(), last(said, 60))
	}
	return results(said)
}

// results finds the steps in what the console said.
func results(said string) map[string]result {
	out := map[string]result{}
	for _, part := range strings.Split(said, "\n"+plan.Begins)[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		output, end, _ := strings.Cut(rest, "\n"+plan.Ended+name+" ")
		_, status, _ := strings.Cut(strings.SplitN(end, "\n", 2)[0], " ")
		out[name] = result{output, status}
	}
	return out
}

// last returns the last n lines of a text.
func last(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// check checks what came of a step: it ended well, and every test passed. One that
// was skipped did not.
func check(t *testing.T, r result, want []proof) {
	t.Helper()
	if r.status != "ok" {
		t.Errorf("got %q, want ok; the last lines:\n%s", r.status, last(r.output, 60))
	}
	for _, w := range want {
		passed := false
		for line := range strings.Lines(r.output) {
			took, ok := strings.CutPrefix(strings.TrimSpace(line), "--- PASS: "+w.test+" ")
			if ok {
				passed = true
				t.Logf("ok: %s %s", w.shows, took)
			}
		}
		if !passed {
			t.Errorf("not shown: %s: %s did not pass", w.shows, w.test)
		}
	}
}
