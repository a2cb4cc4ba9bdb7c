package oci

import (
	"os"

	"golang.org/x/sys/unix"
)

// isOpaque reports whether overlayfs lets nothing beneath dir shine through.
// A rootless engine marks folders with another attribute.
func isOpaque(dir *os.File) bool {
	value := make([]byte, 1)
	for _, key := range [...]string{"trusted.overlay.opaque", "user.overlay.opaque"} {
		if n, err := unix.Fgetxattr(int(dir.Fd()), key, value); err == nil && n == 1 && value[0] == 'y' {
			return true
		}
	}
	return false
}
