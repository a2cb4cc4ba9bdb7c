//go:build unix

package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// A folderLayer reads a folder, as overlay2 keeps layers or any other.
type folderLayer struct {
	root  *os.Root
	layer int
	add   add
	inode map[inode]string // first names of files with several
	open  *os.File         // the file given out last
	errs  []error
}

// An inode identifies a file whatever its name.
type inode struct{ dev, ino uint64 }

// maxFolders bounds how deep folders are read.
const maxFolders = 200

// readFolder reads the files of dir in the order of their names, never one
// outside of it.
func readFolder(ctx context.Context, dir string, layer int, add add) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	f := &folderLayer{root: root, layer: layer, add: add, inode: map[inode]string{}}
	err = f.read(ctx, "", 0)
	f.release()
	if err != nil {
		return err
	}
	if n := len(f.errs); n > 0 {
		return fmt.Errorf("%d files could not be read, such as: %w", n, f.errs[0])
	}
	return nil
}

// read reads the folder name.
func (f *folderLayer) read(ctx context.Context, name string, depth int) error {
	if depth > maxFolders {
		f.errs = append(f.errs, fmt.Errorf("%s: folders are nested too deep", name))
		return nil
	}
	dir, err := f.root.Open(orDot(name))
	if err != nil {
		f.errs = append(f.errs, err)
		return nil
	}
	list, err := dir.ReadDir(-1)
	if err == nil && f.layer >= 0 && isOpaque(dir) {
		err = f.add(&Entry{Name: name, Layer: f.layer}, opaque, f)
	}
	_ = dir.Close() // it was only read
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, d := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) { // it went away meanwhile
				f.errs = append(f.errs, err)
			}
			continue
		}
		child := path.Join(name, d.Name())
		if skipped(f.layer, child, d) {
			continue
		}
		if err := f.take(child, info); err != nil {
			return err
		}
		if d.IsDir() {
			if err := f.read(ctx, child, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func orDot(name string) string {
	if name == "" {
		return "."
	}
	return name
}

// skipped reports whether a file of a folder without layers is left out: what
// the kernel makes up, and what version control keeps.
func skipped(layer int, name string, d fs.DirEntry) bool {
	if layer >= 0 || !d.IsDir() {
		return false
	}
	switch d.Name() {
	case ".git", ".hg", ".svn":
		return true
	}
	return name == "proc" || name == "sys" || name == "dev"
}

// take passes one file on.
func (f *folderLayer) take(name string, info fs.FileInfo) error {
	e := &Entry{Name: name, Layer: f.layer, Size: info.Size(), Mode: info.Mode()}
	k := ordinary
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok {
		e.UID, e.GID = int(st.Uid), int(st.Gid)
		id := inode{uint64(st.Dev), uint64(st.Ino)} //nolint:unconvert // Dev is signed on some systems
		switch {
		case f.layer >= 0 && info.Mode()&fs.ModeCharDevice != 0 && st.Rdev == 0:
			k = whiteout // kernel, filesystems/overlayfs, "whiteouts and opaque directories"
		case info.Mode().IsRegular() && st.Nlink > 1:
			if first, ok := f.inode[id]; ok {
				e.Target, e.Size, k = first, 0, hardLink
			} else {
				f.inode[id] = name
			}
		}
	}
	if e.Executable() {
		e.Caps = f.caps(name)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		e.Target, _ = f.root.Readlink(name) // empty where it went away meanwhile
	}
	return f.add(e, k, f)
}

// caps returns the permitted capabilities of a program: who executes it may be
// given them.
func (f *folderLayer) caps(name string) uint64 {
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return 0 // who reads its content says so
	}
	defer func() { _ = file.Close() }() // it was only read
	return fileCaps(capability(file))
}

// content implements opener.
func (f *folderLayer) content(e *Entry) (*Content, error) {
	f.release()
	// Not to block on a pipe that took the file's place.
	file, err := f.root.OpenFile(e.Name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		f.errs = append(f.errs, err)
		e.Size = 0
		return &Content{r: strings.NewReader("")}, nil
	}
	f.open = file
	return &Content{Size: e.Size, r: io.LimitReader(file, e.Size), at: io.NewSectionReader(file, 0, e.Size)}, nil
}

func (f *folderLayer) release() {
	if f.open != nil {
		_ = f.open.Close() // it was only read
		f.open = nil
	}
}
