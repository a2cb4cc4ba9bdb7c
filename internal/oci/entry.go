package oci

import (
	"archive/tar"
	"encoding/binary"
	"io/fs"
	"path"
	"strings"
)

// An Entry is a file or folder as one layer holds it.
type Entry struct {
	Name   string // clean, from the root, without a leading slash
	Layer  int    // counted from the bottom; -1 in a folder that has no layers
	Size   int64
	Mode   fs.FileMode // type and permissions, with setuid, setgid and sticky
	UID    int
	GID    int
	Target string // of a symbolic link
	Caps   uint64 // permitted capabilities of a program, a bit each
	Hidden bool   // an upper layer replaces or deletes it; known in a Found only
}

// Executable reports whether somebody may execute the file.
func (e *Entry) Executable() bool { return e.Mode.IsRegular() && e.Mode&0o111 != 0 }

// Whiteouts: OCI image-spec, layer.md.
const (
	whiteoutPrefix = ".wh."
	opaqueMarker   = ".wh..wh..opq"
)

// maxName bounds names. Linux opens no longer ones.
const maxName = 4096

// cleanName returns a tar name as a path from the root. Names that lead out of
// the root lead to the root itself, as when a runtime unpacks them.
func cleanName(name string) string {
	if len(name) > maxName {
		return ""
	}
	if plain(name) {
		return name
	}
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// plain reports whether name is clean already, as nearly all are.
func plain(name string) bool {
	return name != "" && name[0] != '/' && name[0] != '.' && name[len(name)-1] != '/' &&
		!strings.Contains(name, "//") && !strings.Contains(name, "/.")
}

// tarEntry returns the entry of a header.
func tarEntry(h *tar.Header, layer int) *Entry {
	return &Entry{
		Name: cleanName(h.Name), Layer: layer, Size: h.Size, Mode: h.FileInfo().Mode(),
		UID: h.Uid, GID: h.Gid, Target: h.Linkname,
		Caps: fileCaps(h.PAXRecords["SCHILY.xattr.security.capability"]),
	}
}

// fileCaps reads the permitted capabilities of a file: struct vfs_cap_data in
// linux/capability.h, of which revision 1 has half the words.
func fileCaps(attribute string) uint64 {
	b := []byte(attribute)
	if len(b) < 12 {
		return 0
	}
	caps := uint64(binary.LittleEndian.Uint32(b[4:]))
	if len(b) >= 20 {
		caps |= uint64(binary.LittleEndian.Uint32(b[12:])) << 32
	}
	return caps
}
