package contents

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"bulkhead/internal/catalog"
	"bulkhead/internal/model"
	"bulkhead/internal/oci"
)

// maxFiles bounds each list of files. An image with more is described well
// enough by the first.
const maxFiles = 1000

// Bounds of the entries of one layer that are kept for their names and modes, and
// of the programs among them that are like all others: they are kept only
// because the image may start one.
const (
	maxTelling = 200_000
	maxPlain   = 40_000
)

// telling reports whether an entry says something by its mere being there:
// symbolic links lead to programs, folders and files may be for everybody to
// write, and what package managers leave or later layers replace takes room.
func telling(e *oci.Entry) bool {
	switch {
	case e.Mode&fs.ModeSymlink != 0:
		return true
	case e.Mode.IsDir():
		return e.UID != 0 || e.Mode&0o022 != 0
	case !e.Mode.IsRegular() || e.Target != "":
		return false
	case e.Mode&0o113 != 0, e.Size >= large, changeable(e):
		return true
	}
	_, what := cacheOf(e.Name)
	return what != ""
}

// plain reports whether e is a program like all others.
func plain(e *oci.Entry) bool {
	if !e.Executable() || e.Mode&0o002 != 0 || privileged(e) {
		return false
	}
	_, tool := program(e)
	_, what := cacheOf(e.Name)
	return !tool && what == ""
}

// describe returns what the files that w found say, and what config runs.
func describe(w *oci.Walk[found], config *model.ImageConfig) *model.Contents {
	out := &model.Contents{Leftovers: leftovers(w), Wasted: wasted(w)}
	var open []*oci.Entry
	var passwd, shadow []byte
	for _, f := range w.Found {
		e := f.Entry
		if e.Hidden {
			continue
		}
		if privileged(e) && len(out.Privileged) < maxFiles {
			out.Privileged = append(out.Privileged, *fileOf(e))
		}
		if forEverybody(e) {
			open = append(open, e)
		}
		if p, ok := program(e); ok && len(out.Programs) < maxFiles {
			out.Programs = append(out.Programs, p)
		}
		switch e.Name {
		case passwdFile:
			passwd = f.Value.special().text
		case shadowFile:
			shadow = f.Value.special().text
		}
	}
	out.Writable = topmost(open)
	out.Accounts = accounts(passwd, shadow)
	if len(w.Notes) == 0 { // of a damaged layer nobody knows what it has
		out.Start = start(w, config)
	}
	byName := func(a, b model.File) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(out.Privileged, byName)
	slices.SortFunc(out.Programs, func(a, b model.Program) int { return cmp.Compare(a.File, b.File) })
	return out
}

// fileOf returns the model's word for an entry.
func fileOf(e *oci.Entry) *model.File {
	f := &model.File{Name: e.Name, Folder: e.Mode.IsDir(), Mode: int(e.Mode.Perm()), UID: e.UID, GID: e.GID, Layer: e.Layer}
	for bit, octal := range map[fs.FileMode]int{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if e.Mode&bit != 0 {
			f.Mode |= octal
		}
	}
	for i, name := range capabilities {
		if e.Caps&(1<<i) != 0 {
			f.Capabilities = append(f.Capabilities, name)
		}
	}
	return f
}

// capabilities are named by their bits: linux/capability.h.
var capabilities = [...]string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
	"NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
	"SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
	"SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
	"WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
}

// privileged reports whether e is a program that gives rights to who runs it.
func privileged(e *oci.Entry) bool {
	return e.Executable() && (e.Mode&(fs.ModeSetuid|fs.ModeSetgid) != 0 || e.Caps != 0)
}

// forEverybody reports whether every user may write e, where that is not the
// purpose of the place.
func forEverybody(e *oci.Entry) bool {
	if e.Mode&0o002 == 0 || e.Mode&fs.ModeSticky != 0 || !e.Mode.IsDir() && !e.Mode.IsRegular() {
		return false
	}
	for _, public := range []string{"tmp", "var/tmp", "run", "var/run", "var/lock", "dev", "proc", "sys"} {
		if rest, ok := strings.CutPrefix(e.Name, public); ok && (rest == "" || rest[0] == '/') {
			return false
		}
	}
	return true
}

// topmost returns the entries under which the others are: folders, and for files
// in folders that are not for everybody the first of each folder.
func topmost(open []*oci.Entry) []model.File {
	slices.SortStableFunc(open, func(a, b *oci.Entry) int { return cmp.Compare(a.Name, b.Name) })
	folders := map[string]bool{}
	for _, e := range open {
		if e.Mode.IsDir() {
			folders[e.Name] = true
		}
	}
	var out []model.File
	at := map[string]int{} // index in out by the folder it stands for
	for _, e := range open {
		tree := highest(e.Name, folders)
		if tree == "" {
			tree = path.Dir(e.Name) + "/" // of files alone
		}
		if i, ok := at[tree]; ok {
			out[i].Beneath++
			continue
		}
		if len(out) < maxFiles {
			at[tree] = len(out)
			out = append(out, *fileOf(e))
		}
	}
	return out
}

// highest returns the uppermost of folders that holds name or is it, or "".
func highest(name string, folders map[string]bool) string {
	for i := range len(name) {
		if name[i] == '/' && folders[name[:i]] {
			return name[:i]
		}
	}
	if folders[name] {
		return name
	}
	return ""
}

// program tells a tool by its name and place. Applets of busybox do not count:
// they are one file.
func program(e *oci.Entry) (model.Program, bool) {
	dir, base := path.Split(e.Name)
	switch path.Base(dir) {
	case "bin", "sbin":
	default:
		return model.Program{}, false
	}
	link := e.Mode&fs.ModeSymlink != 0 && path.Base(e.Target) != "busybox"
	if !link && !e.Executable() || strings.Contains(dir, "node_modules/") || strings.Contains(dir, "-packages/") {
		return model.Program{}, false
	}
	name, kind, ok := catalog.Program(base)
	return model.Program{Name: name, File: e.Name, Kind: kind, Layer: e.Layer}, ok
}
