package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// modules names security modules by their number: include/uapi/linux/lsm.h.
var modules = map[uint64]string{
	100: "capability", 101: "selinux", 102: "smack", 103: "tomoyo", 104: "apparmor", 105: "yama", 106: "loadpin",
	107: "safesetid", 108: "lockdown", 109: "bpf", 110: "landlock", 111: "ima", 112: "evm", 113: "ipe",
}

// listModules asks the kernel for its security modules, which it answers from
// 6.8 on. Nil where it does not.
func listModules() []string {
	var ids [64]uint64
	size := uint32(unsafe.Sizeof(ids))
	n, _, errno := unix.Syscall(unix.SYS_LSM_LIST_MODULES, uintptr(unsafe.Pointer(&ids[0])), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return nil
	}
	out := make([]string, 0, n)
	for _, id := range ids[:min(int(n), len(ids))] {
		if name, ok := modules[id]; ok {
			out = append(out, name)
		}
	}
	return out
}
