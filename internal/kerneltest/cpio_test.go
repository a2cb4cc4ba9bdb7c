package kerneltest

import (
	"fmt"
	"io"
	"path"
)

// A cpio writes an archive that the kernel unpacks into its first root file
// system: cpio(5), "New ASCII Format". Folders above a file are made for it.
type cpio struct {
	to   io.Writer
	made map[string]bool
	n    int
	err  error // the first
}

func newCPIO(to io.Writer) *cpio { return &cpio{to: to, made: map[string]bool{".": true}} }

// An entry is a file of an archive.
type entry struct {
	name     string // without a slash at its start
	mode     uint32 // with the type, as stat(2) has it
	uid, gid int
	data     []byte // or what a symbolic link says
}

// Types of files.
const (
	folder  = 0o040000
	regular = 0o100000
	symlink = 0o120000
)

// add adds a file, and the folders above it.
func (c *cpio) add(e *entry) {
	e.name = path.Clean(e.name)
	if c.made[e.name] && e.mode&folder != 0 {
		return
	}
	if dir := path.Dir(e.name); !c.made[dir] {
		c.add(&entry{name: dir, mode: folder | 0o755})
	}
	c.made[e.name] = true
	c.write(e)
}

func (c *cpio) write(e *entry) {
	c.n++
	c.print("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		c.n, e.mode, e.uid, e.gid, 1, 0, len(e.data), 0, 0, 0, 0, len(e.name)+1, 0, e.name)
	c.align(110 + len(e.name) + 1)
	c.print("%s", e.data)
	c.align(len(e.data))
}

// align fills up to four bytes after a part of n.
func (c *cpio) align(n int) { c.print("%s", "\x00\x00\x00"[:-n&3]) }

func (c *cpio) print(format string, args ...any) {
	if c.err == nil {
		_, c.err = fmt.Fprintf(c.to, format, args...)
	}
}

// close ends the archive.
func (c *cpio) close() error {
	c.write(&entry{name: "TRAILER!!!"})
	return c.err
}
