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

// capability returns the attribute that holds a program's capabilities, "" where
// it has none: capabilities(7), "File capabilities".
func capability(file *os.File) string {
	value := make([]byte, 64)
	n, err := unix.Fgetxattr(int(file.Fd()), "security.capability", value)
	if err != nil {
		return ""
	}
	return string(value[:n])
}
