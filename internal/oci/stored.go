package oci

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A stored is the part of docker image inspect, or docker inspect of a
// container, that leads to the files.
type stored struct {
	ID          string `json:"Id"`
	RepoTags    []string
	RootFS      struct{ Layers []string }
	GraphDriver struct {
		Name string
		Data struct{ LowerDir, UpperDir string }
	}
}

// OpenStored opens an image that an engine of this machine has: the folders its
// overlay2 driver keeps the layers in, where they may be read, and otherwise
// what save sends, an archive as docker save writes it. inspect is the JSON
// of docker image inspect, one object, with the key "History" as package engine
// adds it. Reading the folders takes a fraction of the time that saving takes.
func OpenStored(inspect []byte, save func(ctx context.Context) (io.ReadCloser, error)) (*Tree, error) {
	var s stored
	if err := json.Unmarshal(inspect, &s); err != nil && s.ID == "" {
		return nil, fmt.Errorf("read image: %w", err)
	}
	dirs := s.dirs()
	if dirs == nil || len(dirs) != len(s.RootFS.Layers) {
		return OpenStream(save), nil
	}
	config := s.config()
	if config == nil {
		var err error
		if config, err = configOf(inspect); err != nil {
			return nil, fmt.Errorf("read image: %w", err)
		}
	}
	t := &Tree{Image: &Image{Name: s.ID, Tags: s.RepoTags, Config: config, ConfigID: s.ID}}
	if len(s.RepoTags) > 0 {
		t.Image.Name = s.RepoTags[0]
	}
	for i, dir := range dirs {
		// The engine holds what it stores to its digest, and the folders are its own.
		t.layers = append(t.layers, layer{name: dir, dir: dir, content: folderContent + s.RootFS.Layers[i]})
	}
	return t, nil
}

// folderContent begins what names the content of a folder. It is followed by the
// layer's digest, but not equal to the layer as an archive: the two have their
// files in different orders.
const folderContent = "folder of "

// dirs returns the folders of the layers, bottom first, or nil where they cannot
// be read.
func (s *stored) dirs() []string {
	if s.GraphDriver.Name != "overlay2" || s.GraphDriver.Data.UpperDir == "" {
		return nil
	}
	top := []string{s.GraphDriver.Data.UpperDir}
	if s.GraphDriver.Data.LowerDir != "" {
		top = append(top, strings.Split(s.GraphDriver.Data.LowerDir, ":")...)
	}
	var out []string
	for _, dir := range slices.Backward(top) {
		if !readable(dir) {
			return nil
		}
		out = append(out, dir)
	}
	return out
}

// config returns the image configuration from the engine's own store, or nil.
// The engine's answers leave out which steps made no layer.
func (s *stored) config() []byte {
	base, _, ok := strings.Cut(s.GraphDriver.Data.UpperDir, "/overlay2/")
	sum, isSHA := strings.CutPrefix(s.ID, "sha256:")
	if !ok || !isSHA || strings.ContainsAny(sum, "/.") {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(base, "image/overlay2/imagedb/content/sha256", sum))
	if err != nil || digestOf(text) != s.ID {
		return nil
	}
	return text
}

// readable reports whether a folder is here and may be read.
func readable(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	_, err = f.Readdirnames(1)
	_ = f.Close()                      // it was only read
	return err == nil || err == io.EOF //nolint:errorlint // Readdirnames returns it as it is
}

// configOf returns the parts of an image configuration that are in the engine's
// description of an image.
func configOf(inspect []byte) ([]byte, error) {
	var in struct {
		RootFS  struct{ Layers []string }
		History []struct {
			CreatedBy string
			Size      int64
		}
	}
	if err := json.Unmarshal(inspect, &in); err != nil {
		return nil, err
	}
	type step struct {
		CreatedBy  string `json:"created_by"`
		EmptyLayer bool   `json:"empty_layer,omitempty"`
	}
	var c struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
		History []step `json:"history"`
	}
	c.RootFS.DiffIDs = in.RootFS.Layers
	for _, h := range slices.Backward(in.History) { // the engine gives the newest first
		c.History = append(c.History, step{h.CreatedBy, h.Size == 0 && isMeta(h.CreatedBy)})
	}
	return json.Marshal(c)
}

// isMeta reports whether a step only changes the configuration. The engine's
// history does not say so.
func isMeta(step string) bool {
	step = strings.TrimPrefix(strings.TrimSpace(step), "/bin/sh -c #(nop) ")
	word, _, _ := strings.Cut(strings.TrimSpace(step), " ")
	switch word {
	case "RUN", "COPY", "ADD", "WORKDIR":
		return false
	case "ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL", "STOPSIGNAL", "USER", "VOLUME":
		return true
	}
	return false
}
