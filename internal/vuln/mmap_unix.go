//go:build unix

package vuln

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile returns the content of f and what gives it back. The memory is the
// page cache's: it is read when it is touched.
func mapFile(f *os.File, size int) ([]byte, func() error, error) {
	b, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return readFile(f, size)
	}
	return b, func() error { return unix.Munmap(b) }, nil
}
