package learn

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"bulkhead/internal/engine"
)

// leaves returns the paths that were changed without the folders that were changed
// only because something in them was.
func leaves(changes []engine.Change) []string {
	var out []string
	for _, c := range changes {
		inside := slices.ContainsFunc(changes, func(o engine.Change) bool { return strings.HasPrefix(o.Path, c.Path+"/") })
		if !inside {
			out = append(out, c.Path)
		}
	}
	return out
}

// A folder is a folder of a running copy.
type folder struct {
	uid, gid int64
	mode     uint32
	filled   bool // the image has something there
}

// maxLinks bounds how many links are followed.
const maxLinks = 40

// resolve returns the path that name has below root with the links on the way
// followed as they are inside: an absolute one starts at root. What is not there
// stays as it is.
func resolve(root, name string) string {
	out, rest := "/", strings.Split(strings.Trim(name, "/"), "/")
	for links := 0; len(rest) > 0; {
		next := path.Join(out, rest[0])
		rest = rest[1:]
		to, err := os.Readlink(root + next)
		if err != nil || links >= maxLinks {
			out = next
			continue
		}
		links++
		rest = append(strings.Split(strings.Trim(to, "/"), "/"), rest...)
		if path.IsAbs(to) {
			out = "/"
		}
	}
	return out
}

// own notes where the folder of a path really is, and whose it is; of a path
// right below the root that is a folder, that one.
func (u *use) own(root, name string) {
	dir := path.Dir(name)
	if dir == "/" {
		if info, err := os.Lstat(root + name); err == nil && info.IsDir() {
			dir = name
		}
	}
	real := resolve(root, dir)
	u.real[dir] = real
	info, err := os.Lstat(root + real)
	if err != nil {
		u.absent[dir] = errors.Is(err, fs.ErrNotExist)
		return
	}
	if uid, gid, ok := ownerOf(info); ok {
		u.folders[real] = folder{uid: uid, gid: gid, mode: uint32(info.Mode().Perm()) | sticky(info.Mode())}
	}
}

// fill notes in which folders there is what the service has not written: it came
// with the image.
func (u *use) fill(root string, written map[string]bool) {
	const most = 1000
	for dir, f := range u.folders {
		d, err := os.OpenFile(root+dir, os.O_RDONLY|syscall.O_NONBLOCK, 0) // the container may have made a pipe of it
		if err != nil {
			continue
		}
		names, _ := d.Readdirnames(most) // of what cannot be read nothing is known
		_ = d.Close()                    // it was only read
		f.filled = slices.ContainsFunc(names, func(n string) bool { return !written[path.Join(dir, n)] })
		u.folders[dir] = f
	}
}

// elsewhere reports whether a path that was written to is of a process with a root
// of its own, below which it has another name: the container never had the folder,
// and the service has not made it.
func (u *use) elsewhere(name string) bool {
	dir := path.Dir(name)
	if _, there := u.folders[u.real[dir]]; there || !u.absent[dir] {
		return false
	}
	for d := dir; d != "/"; d = path.Dir(d) {
		if u.written[d] {
			return false
		}
	}
	return true
}

func sticky(m os.FileMode) uint32 {
	const bit = 0o1000
	if m&os.ModeSticky != 0 {
		return bit
	}
	return 0
}

// passing are the folders where what is written is not kept by anybody.
var passing = []string{"/tmp", "/var/tmp", "/run", "/var/run", "/var/lock", "/var/cache"}

// given are the folders that every container can write to or that are not files.
var given = []string{"/dev", "/proc", "/sys"}

func below(name string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return name == d || strings.HasPrefix(name, d+"/") })
}

// places returns the folders that a service has to be able to write to, where the
// root is read-only: those of the files that it wrote to, without those of mounts.
func (s *subject) places(seen *use) []Place {
	var mounts []string
	for _, m := range s.in.Mounts {
		mounts = append(mounts, m.Destination)
	}
	for target := range value[map[string]string](s.in.HostConfig, "Tmpfs") {
		mounts = append(mounts, target)
	}
	files := map[string][]string{}
	for name := range seen.written {
		if dir := seen.home(name); !below(dir, given) && !below(dir, mounts) && !below(name, mounts) {
			files[dir] = append(files[dir], name)
		}
	}
	var out []Place
	for _, dir := range sortedKeys(files) {
		inside := slices.IndexFunc(out, func(p Place) bool { return below(dir, []string{p.Path}) && (p.Keep || seen.made(dir, p.Path)) })
		if inside >= 0 {
			out[inside].Files = append(out[inside].Files, files[dir]...)
			continue
		}
		out = append(out, seen.place(dir, files[dir]))
	}
	const most = 20
	for i := range out {
		slices.Sort(out[i].Files)
		out[i].Files = out[i].Files[:min(len(out[i].Files), most)]
	}
	return out
}

// made reports whether dir, or a folder between it and top, was made by the
// service: memory in the place of top hides what the image has below it.
func (u *use) made(dir, top string) bool {
	for d := dir; d != top && d != "/"; d = path.Dir(d) {
		if u.written[d] {
			return true
		}
	}
	return dir == top || below(top, []string{"/tmp", "/var/tmp"})
}

// place returns a folder as a place to write to.
func (u *use) place(dir string, files []string) Place {
	f, ok := u.folders[dir]
	if !ok {
		f = folder{mode: 0o755}
	}
	return Place{Path: dir, Keep: !below(dir, passing), UID: f.uid, GID: f.gid, Mode: f.mode, Files: files}
}

// home returns the folder to make writable for a file: its own as it really is.
// All below /tmp is /tmp's.
func (u *use) home(name string) string {
	for _, p := range []string{"/tmp", "/var/tmp"} {
		if below(name, []string{p}) {
			return p
		}
	}
	dir := path.Dir(name)
	if _, ok := u.real[name]; ok && dir == "/" {
		return name
	}
	for d := dir; d != "/"; d = path.Dir(d) { // one that has gone since is where its parent is
		if real, ok := u.real[d]; ok {
			return real + strings.TrimPrefix(dir, d)
		}
	}
	return dir
}
