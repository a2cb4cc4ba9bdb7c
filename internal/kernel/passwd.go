package kernel

import (
	"io"
	"os"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// maxPasswd bounds what is read of a container's passwd and group files.
const maxPasswd = 1 << 20

// LookupUser returns u with the ids that its names have in the container whose
// first process is pid. Names the container does not know keep the id -1. root
// is as for Read.
func LookupUser(root string, pid int, u model.User) model.User {
	name, group, _ := strings.Cut(u.Name, ":")
	p := process{system: &system{root: root}, pid: pid}
	if u.UID < 0 || u.GID < 0 && group == "" {
		text := p.inside("etc/passwd")
		uid, gid, ok := lookupPasswd(text, name, u.UID)
		switch {
		case ok && u.UID < 0:
			u.UID = uid
		case !ok && u.UID >= 0:
			gid, ok = 0, text != "" // the engine's choice for a number without an entry
		}
		if ok && group == "" {
			u.GID = gid
		}
	}
	if group != "" && u.GID < 0 {
		if gid, ok := lookupGroup(p.inside("etc/group"), group); ok {
			u.GID = gid
		}
	}
	return u
}

// lookupPasswd returns the ids of the user called name, or of uid where it is
// not negative: passwd(5).
func lookupPasswd(text, name string, uid int64) (foundUID, gid int64, ok bool) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 4 {
			continue
		}
		u, g := decimal(f[2]), decimal(f[3])
		if u < 0 || f[0] == "" {
			continue
		}
		if uid >= 0 && u == uid || uid < 0 && f[0] == name {
			return u, g, true
		}
	}
	return 0, 0, false
}

// lookupGroup returns the id of the group called name: group(5).
func lookupGroup(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) >= 3 && f[0] == name {
			if gid := decimal(f[2]); gid >= 0 {
				return gid, true
			}
		}
	}
	return 0, false
}

// inside returns the text of a file as the process sees it, or "". Symbolic
// links are followed within the process's root, however they are written: what
// the container makes of its own files cannot lead to a file of the host.
func (p process) inside(name string) string {
	f, err := openInside(p.proc(strconv.Itoa(p.pid), "root"), name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(f, maxPasswd))
	if err != nil {
		return ""
	}
	return string(text)
}

// openRoot is openInside for kernels without openat2: links that leave root are
// refused, absolute ones among them.
func openRoot(root, name string) (*os.File, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	info, err := r.Stat(name) // a pipe would block us
	if err != nil || !info.Mode().IsRegular() {
		return nil, os.ErrInvalid
	}
	return r.Open(name)
}
