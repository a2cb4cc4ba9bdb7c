package sensor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// drift runs what is and what is not of the image whose root is dir, loads code from
// both, connects, and prints what came of each.
func drift(dir string) {
	say := func(what string, err error) {
		var errno syscall.Errno
		switch {
		case errors.As(err, &errno):
			fmt.Println(what, unix.ErrnoName(errno))
		default:
			fmt.Println(what, err)
		}
	}
	run := func(name string) error { return exec.Command(name).Run() }
	load := func(name string) error {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		_, err = unix.Mmap(int(f.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE)
		return errors.Join(err, f.Close())
	}
	say("old", run(dir+"/tiny"))
	text, err := os.ReadFile(dir + "/tiny")
	if err == nil {
		err = errors.Join(os.WriteFile(dir+"/new", text, 0o700), os.WriteFile(dir+"/script", []byte("#!"+dir+"/tiny\n"), 0o700)) //nolint:gosec // programs
	}
	if err != nil {
		say("write", err)
		return
	}
	say("new", run(dir+"/new"))
	say("script", run(dir+"/script"))
	fd, err := unix.MemfdCreate("hidden", unix.MFD_CLOEXEC)
	if err == nil {
		_, err = unix.Write(fd, text)
	}
	if err == nil {
		err = unix.Dup3(fd, 99, unix.O_CLOEXEC)
	}
	if err == nil {
		err = run("/proc/self/fd/99")
	}
	say("memory", err)
	say("own library", load("tiny"))
	say("library", load("new"))
	for _, address := range []string{"127.0.0.1:9", "198.51.100.1:9"} {
		_, err := net.DialTimeout("tcp", address, time.Second)
		say(address, err)
	}
}

// overlay mounts one whose lower layer has the test program, called old, and one
// that does little, and returns its root.
func overlay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root := filepath.Join(dir, "root")
	for _, name := range []string{"lower", "upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, from := range map[string]string{"old": "/proc/self/exe", "tiny": tiny(t, 64, instruction)} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "lower", name), text, 0o700) //nolint:gosec // a program
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mount("overlay", root, "overlay", 0, fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)); err != nil {
		t.Skipf("no overlay can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(root, 0); err != nil {
			t.Error(err)
		}
	})
	return root
}

// container runs drift as a container has it: in a control group of that name
// below root, and in a mount and a network namespace of its own. It returns what drift prints.
func container(t *testing.T, id, groups string, before func() error) string {
	t.Helper()
	root := overlay(t)
	dir := filepath.Join(groups, id)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	defer removeGroup(dir)
	if err := before(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$1"`, dir, root+"/old")
	cmd.Env = []string{drifts + "=" + root}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// enforcer returns one, and the verdicts of it once it is closed.
func enforcer(t *testing.T) (*Enforcer, func() map[string]bool) {
	t.Helper()
	needsKernel(t)
	e, err := NewEnforcer()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got, ended := map[string]bool{}, make(chan error, 1)
	go func() {
		ended <- e.Run(ctx, func(v *Verdict) {
			what := v.Address.String()
			if v.Program != "" {
				what = filepath.Base(v.Program)
			}
			got[fmt.Sprintf("%s %s denied=%t", v.Container[:2], what, v.Denied)] = true
		})
	}()
	return e, func() map[string]bool {
		cancel()
		if err := errors.Join(<-ended, e.Close()); err != nil {
			t.Error(err)
		}
		return got
	}
}

// free is what drift prints where nothing is enforced.
const free = "old <nil>\nnew <nil>\nscript <nil>\nmemory <nil>\nown library <nil>\nlibrary <nil>\n127.0.0.1:9 ENETUNREACH\n198.51.100.1:9 ENETUNREACH\n"

// TestRefuse: through BPF-LSM, a container cannot run what is not of its image nor
// load it as a library, another is told of, and a third is left alone.
func TestRefuse(t *testing.T) {
	e, verdicts := enforcer(t)
	if err := e.Module(); err != nil {
		if tried("BPF-LSM").Status == Works {
			t.Errorf("BPF-LSM works, but is not used: %v", err)
		}
		if refused := e.Refuse("x", Deny); refused == nil {
			t.Error("Refuse claims what is not in force")
		}
		verdicts()
		t.Skipf("BPF-LSM: %v", err)
	}
	denied := strings.NewReplacer("new <nil>", "new EPERM", "script <nil>", "script EPERM", "memory <nil>", "memory EPERM", "\nlibrary <nil>", "\nlibrary EPERM").Replace(free)
	for _, c := range []struct {
		id   string
		mode Mode
		want string
	}{{"de", Deny, denied}, {"ad", Audit, free}, {"ff", Off, free}} {
		id := strings.Repeat(c.id, 32)
		got := container(t, id, e.groups.root, func() error {
			if c.mode == Off {
				return nil
			}
			return e.Refuse(id, c.mode)
		})
		if got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.mode, got, c.want)
		}
	}
	checkVerdicts(t, verdicts(), "de new denied=true", "de script denied=true", "de memfd:hidden (deleted) denied=true",
		"ad new denied=false", "ad script denied=false", "ad memfd:hidden (deleted) denied=false")
}

// TestKill: without BPF-LSM, what is not of the image is killed.
func TestKill(t *testing.T) {
	e, verdicts := enforcer(t)
	id := strings.Repeat("de", 32)
	want := strings.NewReplacer("new <nil>", "new signal: killed", "memory <nil>", "memory signal: killed").Replace(free)
	if got := container(t, id, e.groups.root, func() error { return e.Programs(id, Deny) }); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	checkVerdicts(t, verdicts(), "de new denied=true", "de 99 denied=true")
}

// TestEgress: a container cannot connect to networks that are not allowed.
func TestEgress(t *testing.T) {
	e, verdicts := enforcer(t)
	root := unifiedRoot()
	if root == "" {
		t.Skip("no control groups of version 2 are mounted")
	}
	id, other := strings.Repeat("de", 32), strings.Repeat("ff", 32)
	want := strings.Replace(free, ".1:9 ENETUNREACH\n198.51.100.1:9 ENETUNREACH", ".1:9 ENETUNREACH\n198.51.100.1:9 EPERM", 1)
	if got := container(t, id, root, func() error { return e.Egress(id, Deny, []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}) }); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := container(t, other, root, func() error { return nil }); got != free {
		t.Errorf("the other: got\n%swant\n%s", got, free)
	}
	checkVerdicts(t, verdicts(), "de 198.51.100.1:9 denied=true")
}

func checkVerdicts(t *testing.T, got map[string]bool, want ...string) {
	t.Helper()
	for _, w := range want {
		if !got[w] {
			t.Errorf("got verdicts %v, want %q among them", got, w)
		}
		delete(got, w)
	}
	if len(got) > 0 {
		t.Errorf("got verdicts %v too", got)
	}
}
