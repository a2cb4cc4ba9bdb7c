package servicetest

import "golang.org/x/sys/unix"

// opaque reports whether a folder of an overlay hides those beneath.
func opaque(dir string) bool {
	var value [1]byte
	n, err := unix.Lgetxattr(dir, "trusted.overlay.opaque", value[:])
	return err == nil && n == 1 && value[0] == 'y'
}
