package kerneltest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"bulkhead/internal/enginetest"
)

// enginePrograms are the programs of the engine, which the machine gets from this one.
var enginePrograms = []string{"dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker"}

// programs copies programs into the machine, with the libraries that it has not.
func (m *machine) programs(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		from, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		m.file(t, "usr/bin/"+name, from)
		needed, _ := exec.Command("ldd", from).Output() // it fails for static programs
		for word := range strings.FieldsSeq(string(needed)) {
			if strings.HasPrefix(word, "/lib/") && !m.files.made["usr"+word] {
				m.file(t, "usr"+word, word)
			}
		}
	}
}

// shell is what the image of the containers has.
var shell = []string{"bin/sh", "bin/cat", "bin/chmod", "bin/sleep", "bin/uname", "lib64/ld-linux-x86-64.so.2", "lib/x86_64-linux-gnu/libc.so.6"}

// TestWatch: on a kernel that gives BPF-LSM, watch uses it for the container that
// it should keep from drift, and says so; another container is left alone.
func TestWatch(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("it runs in the virtual machine: make test-kernel")
	}
	t.Setenv("DOCKER_HOST", enginetest.Private(t))
	layer, err := exec.Command("tar", append([]string{"-C", "/", "-hc"}, shell...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Import(t, "shell", layer)
	for _, name := range []string{"denied", "free"} {
		enginetest.Docker(t, "run", "-d", "--network", "none", "--name", name, "shell", "sh", "-c", "while :; do sleep 1000; done")
		t.Cleanup(func() { enginetest.Docker(t, "rm", "-f", name) })
	}
	said := watching(t, "--events", "none", "--enforce", "denied:drift=deny")
	const want = "bulkhead: denied: drift=deny is in force at exec, and where libraries are loaded: refused by BPF-LSM"
	for line := range said {
		t.Log(line)
		if strings.Contains(line, "NOT in force") {
			t.Fatal("want it to be in force")
		}
		if line == want {
			break
		}
	}
	const script = `cat /bin/uname >/new && cat /lib/x86_64-linux-gnu/libc.so.6 >/new.so && chmod 755 /new
uname; /new; LD_PRELOAD=/new.so uname`
	for name, want := range map[string]string{
		"denied": "Linux\nsh: 2: /new: Operation not permitted\nERROR: ld.so: object '/new.so' from LD_PRELOAD cannot be preloaded (failed to map segment from shared object): ignored.\nLinux\n",
		"free":   "Linux\nLinux\nLinux\n",
	} {
		if got := enginetest.Docker(t, "exec", name, "sh", "-c", script) + "\n"; got != want {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// watching starts watch, which ends with the test, and returns what it says, line
// by line.
func watching(t *testing.T, flags ...string) <-chan string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bulkhead", append([]string{"watch"}, flags...)...)
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(lines)
		for s := bufio.NewScanner(stderr); s.Scan(); {
			lines <- s.Text()
		}
		_, _ = io.Copy(io.Discard, stderr) // a line too long
		_ = cmd.Wait()                     // it was killed
	}()
	t.Cleanup(func() { <-ended })
	return lines
}
