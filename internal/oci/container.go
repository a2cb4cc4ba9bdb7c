package oci

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// OpenContainer opens the files of a container that an engine of this machine
// has: the layers of its image and, above them, what it has written, as a layer
// that is marked so. Where its folders cannot be read, it is what export
// sends, the container's files in one tar archive, and layered is false.
// container is the JSON of docker inspect, image that of OpenStored.
func OpenContainer(container, image []byte, export func(ctx context.Context) (io.ReadCloser, error)) (t *Tree, layered bool, err error) {
	var c, i stored
	if err := json.Unmarshal(container, &c); err != nil && c.ID == "" {
		return nil, false, fmt.Errorf("read container: %w", err)
	}
	if err := json.Unmarshal(image, &i); err != nil && i.ID == "" {
		return nil, false, fmt.Errorf("read image of container: %w", err)
	}
	dirs := c.containerDirs()
	if len(dirs) != len(i.RootFS.Layers)+1 {
		return openExport(c.ID, export), false, nil
	}
	config := i.config()
	if config == nil {
		if config, err = configOf(image); err != nil {
			return nil, false, fmt.Errorf("read image of container: %w", err)
		}
	}
	t = &Tree{Image: &Image{Name: c.ID, Tags: i.RepoTags, Config: config, ConfigID: i.ID}}
	for n, dir := range dirs {
		l := layer{name: dir, dir: dir, written: n == len(dirs)-1}
		if !l.written {
			l.content = folderContent + i.RootFS.Layers[n]
		}
		t.layers = append(t.layers, l)
	}
	return t, true, nil
}

// containerDirs returns the folders of a container's layers, bottom first, the
// one it writes to last, or nil where they cannot be read. The one with the files
// that the engine mounts over, such as /etc/hosts, is left out.
func (s *stored) containerDirs() []string {
	dirs := s.dirs()
	if len(dirs) == 0 {
		return nil
	}
	return slices.DeleteFunc(dirs, func(dir string) bool {
		return strings.HasSuffix(strings.TrimSuffix(dir, "/diff"), "-init")
	})
}

// exported is the configuration of what an engine exports: one layer.
const exported = `{"rootfs":{"diff_ids":[""]},"history":[{"created_by":"the container's files"}]}`

// openExport opens the files of a container as an engine exports them.
func openExport(id string, export func(ctx context.Context) (io.ReadCloser, error)) *Tree {
	return &Tree{
		Image:  &Image{Name: id, Config: []byte(exported)},
		layers: []layer{{name: "container", open: export}},
	}
}
