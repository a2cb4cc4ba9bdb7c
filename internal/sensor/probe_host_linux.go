package sensor

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"bulkhead/internal/kernel"
)

// probeFanotify asks for permission events about a file of its own.
func probeFanotify(root bool) Probe {
	const name = "fanotify permission events"
	if !root {
		return untried(name, "needs root; for denying files of a container without BPF")
	}
	fd, err := unix.FanotifyInit(unix.FAN_CLASS_CONTENT|unix.FAN_CLOEXEC|unix.FAN_NONBLOCK, unix.O_RDONLY|unix.O_CLOEXEC)
	if err != nil {
		return fails(name, meaning(err))
	}
	defer func() { _ = unix.Close(fd) }() // the mark goes with it
	file, err := os.CreateTemp("", "bulkhead-doctor-")
	if err != nil {
		return fails(name, meaning(err))
	}
	defer func() { _, _ = file.Close(), os.Remove(file.Name()) }() // an empty file
	if err := unix.FanotifyMark(fd, unix.FAN_MARK_ADD, unix.FAN_OPEN_PERM|unix.FAN_OPEN_EXEC_PERM, unix.AT_FDCWD, file.Name()); err != nil {
		return fails(name, meaning(err))
	}
	return works(name, "a file was marked; for denying files of a container without BPF")
}

// probeSeccomp sets a filter that allows everything on a thread that ends with
// the trial.
func probeSeccomp() Probe {
	const name = "seccomp filters"
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			done <- err
			return
		}
		allow := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}
		filter := unix.SockFprog{Len: 1, Filter: &allow}
		_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&filter)))
		if errno != 0 {
			done <- errno
			return
		}
		done <- nil
	}()
	if err := <-done; err != nil {
		return fails(name, meaning(err))
	}
	actions, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	if err != nil {
		return works(name, "a filter was set")
	}
	return works(name, "a filter was set; actions: "+strings.TrimSpace(string(actions)))
}

func probeAppArmor(root bool) Probe {
	const name = "AppArmor"
	active := kernel.Modules("/")
	if active != nil && !slices.Contains(active, "apparmor") {
		return fails(name, "not among the active security modules: "+strings.Join(active, ", "))
	}
	enabled, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	if err != nil || !strings.HasPrefix(string(enabled), "Y") {
		return fails(name, "the kernel was built or started without it")
	}
	if !root {
		return untried(name, "enabled; its profiles need root")
	}
	profiles, err := os.ReadFile("/sys/kernel/security/apparmor/profiles")
	if err != nil {
		return fails(name, "enabled, but its profiles cannot be read: "+meaning(err))
	}
	return works(name, fmt.Sprintf("enabled, %d profiles loaded", strings.Count(string(profiles), "\n")))
}

func probeSELinux() Probe {
	const name = "SELinux"
	mode, err := os.ReadFile("/sys/fs/selinux/enforce")
	switch {
	case err != nil:
		return fails(name, "the kernel was built or started without it")
	case strings.HasPrefix(string(mode), "1"):
		return works(name, "enforcing")
	}
	return fails(name, "permissive: it logs and denies nothing")
}

// probeUserNamespaces starts a program that does not exist in a user namespace:
// that it is missed is said only after the namespace was made.
func probeUserNamespaces() Probe {
	const name = "user namespaces"
	_, err := syscall.ForkExec("/proc/self/no-such-program", []string{"-"}, &syscall.ProcAttr{
		Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER},
	})
	if err != syscall.ENOENT {
		return fails(name, meaning(err))
	}
	return works(name, "one was made; for containers whose root is not the machine's")
}

// cgroupProbes says which control groups there are and whether swap is counted.
func cgroupProbes() []Probe {
	version, controllers := cgroupVersion()
	if version == "" {
		return []Probe{fails("cgroups", "no cgroup file system is mounted"), fails("swap accounting", "no cgroup file system is mounted")}
	}
	groups := works("cgroups", version+"; controllers: "+strings.Join(controllers, ", "))
	var missing []string
	for _, c := range []string{"cpu", "memory", "pids"} {
		if !slices.Contains(controllers, c) {
			missing = append(missing, c)
		}
	}
	if missing != nil {
		groups = fails("cgroups", version+" without the controllers "+strings.Join(missing, ", ")+": such limits have no effect")
	}
	return []Probe{groups, probeSwap(version)}
}

// probeSwap looks for the file that limits swap: the kernel makes it only where
// swap is counted. The root group of version 2 never has it.
func probeSwap(version string) Probe {
	const name = "swap accounting"
	pattern := "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"
	if version == "v2" {
		pattern = "/sys/fs/cgroup/*/memory.swap.max"
	}
	if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
		return fails(name, "the kernel does not count swap: memory limits do not hold for it; boot with swapaccount=1")
	}
	return works(name, "limits of memory and swap hold")
}
