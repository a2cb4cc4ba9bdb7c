package sensor

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

// unifiedRoot returns where the cgroup2 file system is mounted, or "".
func unifiedRoot() string {
	for _, path := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var fs unix.Statfs_t
		if err := unix.Statfs(path, &fs); err == nil && int64(fs.Type) == unix.CGROUP2_SUPER_MAGIC { //nolint:unconvert // 32 bits wide on other machines
			return path
		}
	}
	return ""
}

// tells returns the hierarchy that engines put containers into: that of version
// 1 where both are mounted, because not every runtime uses the other then.
func tells() hierarchy {
	unified := unifiedRoot()
	if unified == "/sys/fs/cgroup" {
		return hierarchy{unified, -1}
	}
	for _, name := range []string{"pids", "memory", "devices", "freezer", "cpu"} {
		var fs unix.Statfs_t
		root := "/sys/fs/cgroup/" + name
		if err := unix.Statfs(root, &fs); err != nil || int64(fs.Type) != unix.CGROUP_SUPER_MAGIC { //nolint:unconvert // 32 bits wide on other machines
			continue
		}
		if n, ok := subsystemNumber(name); ok {
			return hierarchy{root, n}
		}
	}
	return hierarchy{unified, -1}
}

// subsystemNumber returns the number this kernel has for a controller.
func subsystemNumber(name string) (int32, bool) {
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		return 0, false
	}
	var ids *btf.Enum
	if err := spec.TypeByName("cgroup_subsys_id", &ids); err != nil {
		return 0, false
	}
	for _, v := range ids.Values {
		if v.Name == name+"_cgrp_id" {
			return int32(v.Value), true
		}
	}
	return 0, false
}

// now returns the control groups that there are, by inode, with their containers.
func (h hierarchy) now() map[uint64]string {
	groups := map[uint64]string{}
	_ = filepath.WalkDir(h.root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil // it went away meanwhile
		}
		if info, err := d.Info(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				groups[st.Ino] = containerOf(name[len(h.root):])
			}
		}
		return nil
	})
	return groups
}

// cgroupVersion returns "v1", "v2", "v1 and v2 (hybrid)" or "", and the
// controllers that limit something.
func cgroupVersion() (version string, controllers []string) {
	unified := unifiedRoot()
	if unified != "" {
		if text, err := os.ReadFile(filepath.Join(unified, "cgroup.controllers")); err == nil {
			controllers = strings.Fields(string(text))
		}
	}
	if unified == "/sys/fs/cgroup" {
		return "v2", controllers
	}
	one := false
	entries, _ := os.ReadDir("/sys/fs/cgroup") // nothing there is nothing mounted
	for _, e := range entries {
		var fs unix.Statfs_t
		if err := unix.Statfs(filepath.Join("/sys/fs/cgroup", e.Name()), &fs); err == nil && int64(fs.Type) == unix.CGROUP_SUPER_MAGIC { //nolint:unconvert // 32 bits wide on other machines
			one = true
			if !slices.Contains(controllers, e.Name()) && !strings.Contains(e.Name(), ",") && e.Name() != "systemd" {
				controllers = append(controllers, e.Name())
			}
		}
	}
	slices.Sort(controllers)
	switch {
	case one && unified != "":
		return "v1 and v2 (hybrid)", controllers
	case one:
		return "v1", controllers
	}
	return "", nil
}
