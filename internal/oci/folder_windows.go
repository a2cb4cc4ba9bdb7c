package oci

import (
	"context"
	"io"
	"io/fs"
	"os"
)

// A folderLayer reads a project's folder. There are no layers in folders here.
type folderLayer struct {
	root *os.Root
	open *os.File
}

// readFolder reads the files of dir, never one outside of it.
func readFolder(ctx context.Context, dir string, layer int, add add) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	f := &folderLayer{root: root}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." || ctx.Err() != nil {
			return ctx.Err()
		}
		if d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return ctx.Err()
		}
		return add(&Entry{Name: name, Layer: layer, Size: info.Size(), Mode: info.Mode()}, ordinary, f)
	})
	f.release()
	return err
}

// content implements opener.
func (f *folderLayer) content(e *Entry) (*Content, error) {
	f.release()
	file, err := f.root.Open(e.Name)
	if err != nil {
		return nil, err
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
