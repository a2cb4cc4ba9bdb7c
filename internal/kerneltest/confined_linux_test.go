package kerneltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/internal/servicetest"
)

// inGuest is set where the test program runs in the machine.
const inGuest = "BULKHEAD_TEST_GUEST"

// unconfined is the profile of a program that has none.
const unconfined = "unconfined"

// become becomes a program, as runc starts one in a container: in a root of its
// own, and from its first instruction on under a profile.
func become(profile string, args []string) error {
	runtime.LockOSThread() // the profile is the thread's
	if err := enter(); err != nil {
		return err
	}
	if profile != unconfined {
		if err := os.WriteFile("/proc/thread-self/attr/apparmor/exec", []byte("exec "+profile), 0); err != nil {
			return err
		}
	}
	u, err := user.Lookup(os.Getenv(runAs))
	if err != nil {
		return err
	}
	uid, _ := strconv.Atoi(u.Uid) // users have numbers
	gid, _ := strconv.Atoi(u.Gid)
	if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(gid), syscall.Setuid(uid)); err != nil {
		return err
	}
	program, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, args, []string{"PATH=" + os.Getenv("PATH")})
}

// enter makes an overlay of the machine's root the root of this process, which is
// in a mount namespace of its own. The first root can only be covered, pivot_root(2).
func enter() error {
	const dir = "/tmp/container"
	err := errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		os.MkdirAll(dir, 0o755), unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"),
		os.Mkdir(dir+"/upper", 0o755), os.Mkdir(dir+"/work", 0o755), os.Mkdir(dir+"/root", 0o755),
		unix.Mount("overlay", dir+"/root", "overlay", 0, "lowerdir=/,upperdir="+dir+"/upper,workdir="+dir+"/work"))
	for _, m := range []string{"/dev", "/proc"} {
		err = errors.Join(err, unix.Mount(m, dir+"/root"+m, "", unix.MS_BIND|unix.MS_REC, ""))
	}
	return errors.Join(err, os.Chdir(dir+"/root"), unix.Mount(".", "/", "", unix.MS_MOVE, ""), syscall.Chroot("."), os.Chdir("/"))
}

// confined returns a command that is run under a profile, as a user.
func confined(ctx context.Context, profile, user string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), confines+"="+profile, runAs+"="+user)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	return cmd
}

// A process is the service, which runs.
type process struct {
	*exec.Cmd
	to    *servicetest.Target
	ended chan error
}

// running starts the service and waits until it accepts connections.
func running(t *testing.T, profile string, flags ...string) *process {
	t.Helper()
	s := service()
	log := &bytes.Buffer{}
	p := &process{
		confined(t.Context(), profile, s.User, append(s.Command, flags...)...),
		&servicetest.Target{Address: "127.0.0.1", Port: s.Port}, make(chan error, 1),
	}
	p.Stdout, p.Stderr = log, log
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	for {
		c, err := net.Dial("tcp", p.to.Host())
		if err == nil {
			_ = c.Close() // it was the question
			return p
		}
		select {
		case err := <-p.ended:
			t.Fatalf("%s does not start under %s: %v\n%s", s.Name, profile, err, log)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := errors.Join(p.Process.Signal(syscall.SIGTERM), <-p.ended); err != nil {
		t.Errorf("the service's end: %v", err)
	}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := <-p.ended; err == nil {
		t.Error("the service ended by itself")
	}
}

// denials returns what AppArmor has said that it denied.
func denials(t *testing.T) []string {
	t.Helper()
	const readAll = 3 // SYSLOG_ACTION_READ_ALL
	text := make([]byte, 1<<20)
	n, err := unix.Klogctl(readAll, text)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(text[:n])) {
		if strings.Contains(line, `apparmor="DENIED"`) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// TestConfined: a service does its work under the AppArmor profile that was learned
// about it, and nothing else.
func TestConfined(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("it runs in the virtual machine: make test-kernel")
	}
	if out, err := exec.Command(parser, "--replace", "--skip-cache", profileFile).CombinedOutput(); err != nil {
		t.Fatalf("load the profile: %v\n%s", err, out)
	}
	t.Run("works", func(t *testing.T) {
		p := running(t, profileName)
		defer p.stop(t)
		current, err := os.ReadFile(fmt.Sprintf("/proc/%d/attr/apparmor/current", p.Process.Pid))
		if got := strings.TrimSpace(string(current)); got != profileName+" (enforce)" {
			t.Errorf("the service runs under %q, %v", got, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := service().Test(ctx, p.to); err != nil {
			t.Error(err)
		}
	})
	if got := denials(t); len(got) > 0 {
		t.Errorf("what the service needs was denied:\n%s", strings.Join(got, "\n"))
	}
	for profile, want := range map[string]string{unconfined: "+OK", profileName: "-ERR"} {
		t.Run("write elsewhere/"+profile, func(t *testing.T) {
			p := running(t, profile, "--enable-protected-configs", "yes")
			defer p.kill(t) // asked to stop, it would save, and not stop where it cannot
			if got := save(t, p.to, "/tmp"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	for profile, want := range map[string]string{unconfined: "Linux\n", profileName: ""} {
		t.Run("other program/"+profile, func(t *testing.T) {
			out, _ := confined(t.Context(), profile, service().User, "/bin/sh", "-c", "/bin/uname; :").Output() // what it says tells
			if string(out) != want {
				t.Errorf("got %q, want %q", out, want)
			}
		})
	}
	got := denials(t)
	t.Log(strings.Join(got, "\n"))
	for _, want := range []string{`name="/tmp/temp-`, `operation="exec"`} {
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("got no denial with %s", want)
		}
	}
}

// save has the service write its data to a folder and returns how the answer begins.
func save(t *testing.T, to *servicetest.Target, dir string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := to.Dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // what was to be said was said
	answer := ""
	for _, command := range []string{"CONFIG SET dir " + dir, "SAVE"} {
		if _, err := fmt.Fprintf(c, "%s\r\n", command); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 256)
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		answer = strings.TrimSpace(string(b[:n]))
		if command != "SAVE" && answer != "+OK" {
			t.Fatalf("%s: %s", command, answer)
		}
	}
	answer, _, _ = strings.Cut(answer, " ")
	return answer
}
