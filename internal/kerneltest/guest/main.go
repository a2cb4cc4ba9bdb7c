//go:build linux

// Command guest is the first process of the virtual machine that package
// kerneltest boots: it mounts what tests need, runs the steps of /plan.json one
// after the other, says on the console what came of each, and turns the machine
// off.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"bulkhead/internal/kerneltest/plan"
)

func main() {
	if err := run(); err != nil {
		fmt.Printf("\nguest: %v\n", err)
	}
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART); err != nil { // the machine ends where it would start again
		fmt.Printf("\nguest: restart: %v\n", err)
	}
}

// run does the steps. Its error is that they cannot be done.
func run() error {
	if err := prepare(); err != nil {
		return err
	}
	text, err := os.ReadFile(plan.File)
	if err != nil {
		return err
	}
	var steps []plan.Step
	if err := json.Unmarshal(text, &steps); err != nil {
		return fmt.Errorf("read %s: %w", plan.File, err)
	}
	for _, s := range steps {
		start := time.Now()
		cmd := exec.Command(s.Args[0], s.Args[1:]...)
		cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "TMPDIR=/tmp"}, s.Env...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
		fmt.Printf("\n%s%s\n", plan.Begins, s.Name)
		status := "ok"
		if err := cmd.Run(); err != nil {
			status = err.Error()
		}
		fmt.Printf("\n%s%s %.1f %s\n", plan.Ended, s.Name, time.Since(start).Seconds(), status)
	}
	fmt.Printf("\n%s\n", plan.Done)
	return nil
}

// prepare makes what programs expect of a machine.
func prepare() error {
	var errs []error
	for _, m := range []struct{ kind, path string }{
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"devtmpfs", "/dev"},
		{"tmpfs", "/tmp"},
		{"tmpfs", "/run"},
		{"cgroup2", "/sys/fs/cgroup"},
		{"securityfs", "/sys/kernel/security"},
		{"tracefs", "/sys/kernel/tracing"},
	} {
		err := os.MkdirAll(m.path, 0o755)
		if err == nil {
			err = unix.Mount(m.kind, m.path, m.kind, 0, "")
		}
		if err != nil && !errors.Is(err, syscall.EBUSY) { // the kernel may have been first
			errs = append(errs, fmt.Errorf("mount %s: %w", m.path, err))
		}
	}
	modules, err := filepath.Glob(plan.Modules + "/*.ko")
	errs = append(errs, err)
	for _, name := range modules {
		errs = append(errs, load(name))
	}
	return errors.Join(append(errs, loopback())...)
}

// load loads a module of the kernel.
func load(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	err = unix.FinitModule(int(f.Fd()), "", 0)
	if err != nil {
		err = fmt.Errorf("load %s: %w", name, err)
	}
	return errors.Join(err, f.Close())
}

// loopback sets the loopback interface up.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	request, err := unix.NewIfreq("lo")
	if err == nil {
		request.SetUint16(unix.IFF_UP)
		err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
	}
	if err != nil {
		err = fmt.Errorf("loopback: %w", err)
	}
	return errors.Join(err, unix.Close(fd))
}
