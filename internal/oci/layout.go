package oci

import (
	"fmt"
	"io"
	"os"
)

// layout reads the files of an OCI layout, never one outside of it.
type layout struct{ root *os.Root }

func (l layout) read(name string) ([]byte, error) {
	info, err := l.root.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular(): // a pipe would block us
		return nil, fmt.Errorf("%s: not a file", name)
	case info.Size() > maxBlob:
		return nil, fmt.Errorf("%s: %w", name, ErrTooLarge)
	}
	f, err := l.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxBlob))
}

// ReadLayout returns the images of an OCI layout: image-spec, image-layout.md.
func ReadLayout(dir string) ([]*Image, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("read image layout: %w", err)
	}
	defer func() { _ = root.Close() }()
	images, err := readIndex(layout{root: root})
	if err != nil {
		return nil, fmt.Errorf("read image layout %s: %w", dir, err)
	}
	return images, nil
}
