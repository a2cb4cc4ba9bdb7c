package sensor

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

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
