package watch

import (
	"io/fs"
	"os"
	"syscall"
	"time"
)

// openQuietly are the flags for opening what somebody else chose: without
// waiting for the other end of a pipe, without getting a terminal.
const openQuietly = os.O_RDONLY | syscall.O_NONBLOCK | syscall.O_NOCTTY

// unlinked reports whether no folder has the file: names can end in anything.
func unlinked(name string) bool {
	info, err := os.Stat(name)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}

// changed returns when the state of a file changed, which copying sets.
func changed(info fs.FileInfo) time.Time {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return time.Time{}
	}
	return time.Unix(st.Ctim.Unix())
}
