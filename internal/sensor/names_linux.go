package sensor

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// maxNames bounds what is read of a file of names.
const maxNames = 1 << 20

// readNames reads the names of the root folder root, or nil where it is gone.
func readNames(root string) *nameFiles {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(dir) }() // it was only looked into
	return &nameFiles{
		users: parseNames(readInside(dir, "etc/passwd")), groups: parseNames(readInside(dir, "etc/group")),
		hosts: parseHosts(readInside(dir, "etc/hosts")), read: time.Now(),
	}
}

// readInside reads a file below dir. The file is a container's: its links lead
// nowhere else, and it may be no file at all.
func readInside(dir int, name string) string {
	fd, err := unix.Openat2(dir, name, &unix.OpenHow{
		Flags: unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return ""
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(f, maxNames)) // what can be read counts
	return string(text)
}
