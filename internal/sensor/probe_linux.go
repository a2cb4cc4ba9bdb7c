package sensor

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Probes tries what sensors and enforcers need, each for a moment and without
// an effect on what runs, and returns what came of it.
func Probes() []Probe {
	root := os.Geteuid() == 0
	probes := []Probe{kernelRelease(), capabilities(), probePrograms(runtime.GOARCH), probeBTF()}
	probes = append(probes, bpfProbes(root)...)
	probes = append(probes, probeFanotify(root), probeSeccomp(), probeAppArmor(root), probeSELinux(), probeUserNamespaces())
	probes = append(probes, cgroupProbes()...)
	for _, m := range mounts {
		probes = append(probes, probeMount(m))
	}
	return append(probes, language())
}

func kernelRelease() Probe {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return fails("kernel", meaning(err))
	}
	return works("kernel", unix.ByteSliceToString(u.Release[:])+" "+unix.ByteSliceToString(u.Machine[:]))
}

func probePrograms(arch string) Probe {
	const name = "programs"
	if err := programsFor(arch); err != nil {
		return fails(name, err.Error())
	}
	return works(name, "the sensor has them for "+arch)
}

// errNotSupported is the kernel's ENOTSUPP, which has no name in user space.
const errNotSupported = syscall.Errno(524)

// meaning says what an error of the kernel means in a probe. Root that is
// refused is refused by something else than permissions.
func meaning(err error) string {
	switch {
	case errors.Is(err, unix.EPERM) && os.Geteuid() != 0, errors.Is(err, unix.EACCES) && os.Geteuid() != 0:
		return "permission denied: needs root"
	case errors.Is(err, unix.EPERM):
		return "EPERM: refused although this is root: by lockdown, by the seccomp filter of a container, or by a kernel that leaves it out"
	case errors.Is(err, unix.EACCES):
		return "EACCES: refused although this is root: the verifier or a security module says no"
	case errors.Is(err, unix.ENOSYS):
		return "ENOSYS: the kernel does not have the system call"
	case errors.Is(err, unix.EINVAL), errors.Is(err, ebpf.ErrNotSupported), errors.Is(err, errNotSupported):
		return "the kernel does not know it, or was built without it"
	case errors.Is(err, unix.ENOENT), errors.Is(err, os.ErrNotExist):
		return "not there: the kernel was built without it, or it is not mounted"
	case errors.Is(err, unix.ENOSPC):
		return "ENOSPC: a limit is reached, or is set to 0"
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.TrimSpace(line[strings.LastIndex(line, ": ")+1:]) // the cause; what was tried is known
}

// capabilities says which capabilities root has lost, as in a container.
func capabilities() Probe {
	const name = "capabilities"
	missing, err := missingCapabilities()
	switch {
	case err != nil:
		return fails(name, meaning(err))
	case len(missing) == 0:
		return works(name, "all that the kernel has")
	case os.Geteuid() != 0:
		return fails(name, "this is not root: "+listCapabilities(missing)+" missing")
	}
	return fails(name, "root without "+listCapabilities(missing))
}

func listCapabilities(caps []string) string {
	const few = 8
	if len(caps) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(caps[:few], ", "), len(caps)-few)
	}
	return strings.Join(caps, ", ")
}

func missingCapabilities() ([]string, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(string(status), "\nCapEff:\t")
	line, _, _ := strings.Cut(rest, "\n")
	effective, err := strconv.ParseUint(line, 16, 64)
	if err != nil {
		return nil, err
	}
	last := len(capabilityNames) - 1
	if text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap"); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
			last = min(last, n)
		}
	}
	var missing []string
	for i, name := range capabilityNames[:last+1] {
		if effective&(1<<i) == 0 {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// A mountProbe is a file system that should be mounted somewhere.
type mountProbe struct {
	name  string
	paths []string
	magic int64
	why   string
}

var mounts = [...]mountProbe{
	{"bpffs", []string{"/sys/fs/bpf"}, unix.BPF_FS_MAGIC, "only programs that outlive their loader need it"},
	{"tracefs", []string{"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}, unix.TRACEFS_MAGIC, "only kprobes and classic tracepoints need it"},
	{"securityfs", []string{"/sys/kernel/security"}, unix.SECURITYFS_MAGIC, "without it nobody can see which security modules are active"},
}

func probeMount(m mountProbe) Probe {
	for _, path := range m.paths {
		var fs unix.Statfs_t
		if err := unix.Statfs(path, &fs); err == nil && int64(fs.Type) == m.magic { //nolint:unconvert // 32 bits wide on other machines
			return works(m.name, "mounted at "+path)
		}
	}
	return fails(m.name, "not mounted at "+m.paths[0]+": "+m.why)
}
