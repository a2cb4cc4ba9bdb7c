package learn

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// rootOf opens the root of the file system that a container has. That of its first
// process may be another, below it: services give themselves one.
func rootOf(pid int) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	out := make(chan opened, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		f, err := enter(pid)
		out <- opened{f, err}
	}()
	o := <-out
	return o.file, o.err
}

// enter has the thread see the files of a process, and opens their root.
func enter(pid int) (*os.File, error) {
	ns, err := os.Open("/proc/" + strconv.Itoa(pid) + "/ns/mnt")
	if err != nil {
		return nil, err
	}
	defer func() { _ = ns.Close() }() // it was only asked for
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return nil, fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNS); err != nil {
		return nil, fmt.Errorf("setns: %w", err)
	}
	fd, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open the root: %w", err)
	}
	return os.NewFile(uintptr(fd), "/"), nil
}
