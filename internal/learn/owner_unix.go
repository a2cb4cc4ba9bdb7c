//go:build unix

package learn

import (
	"io/fs"
	"syscall"
)

// ownerOf returns the user and the group that a file belongs to.
func ownerOf(info fs.FileInfo) (uid, gid int64, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int64(st.Uid), int64(st.Gid), true
}
