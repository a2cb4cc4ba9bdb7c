package imagetest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// pack writes the folder from as a layer.
func (b *builder) pack(name, from string) error {
	top, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	args := []string{"tar", "--numeric-owner", "--sort=name", "-C", from, "-cf", b.path(name)}
	for _, e := range top {
		args = append(args, e.Name())
	}
	_, err = b.run(command{args: args})
	return err
}

// tree returns what is in the root file system.
func (b *builder) tree() (map[string]fs.FileInfo, error) {
	root := b.path("root")
	out := map[string]fs.FileInfo{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		out[strings.TrimPrefix(p, root+"/")], err = d.Info()
		return err
	})
	return out, err
}

// packChanges writes what changed in the root file system since before as a
// layer, with whiteouts for what is gone.
func (b *builder) packChanges(name string, before map[string]fs.FileInfo) error {
	after, err := b.tree()
	if err != nil {
		return err
	}
	var changed bytes.Buffer
	for p, now := range after {
		was, ok := before[p]
		if !ok || !os.SameFile(was, now) || was.Mode() != now.Mode() || !was.ModTime().Equal(now.ModTime()) || was.Size() != now.Size() {
			changed.WriteString(p + "\x00")
		}
	}
	cmd := exec.CommandContext(b.ctx, "tar", "--numeric-owner", "-C", b.path("root"), "--no-recursion", "--null", "-T", "-", "-cf", b.path(name))
	cmd.Stdin = &changed
	if out, err := cmd.CombinedOutput(); err != nil {
		return &failure{"tar", string(out), err}
	}
	gone := map[string]string{}
	for p := range before {
		_, there := after[p]
		if _, parent := after[path.Dir(p)]; !there && parent {
			gone[whiteout(p)] = ""
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if err := b.files("gone.tar", gone); err != nil {
		return err
	}
	_, err = b.run(command{args: []string{"tar", "-A", "-f", b.path(name), b.path("gone.tar")}})
	return err
}

// whiteout returns the name of the file that hides p: OCI image-spec, layer.md.
func whiteout(p string) string { return path.Join(path.Dir(p), ".wh."+path.Base(p)) }

// files writes a layer of files that only root may read.
func (b *builder) files(name string, files map[string]string) error {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		h := &tar.Header{Name: n, Mode: 0o600, Size: int64(len(files[n])), Typeflag: tar.TypeReg}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.WriteString(w, files[n]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(b.path(name), out.Bytes(), 0o600)
}

// A step is a line of an image's history.
type step struct {
	by    string
	layer string // file in the work folder; "" where the step made none
}

// archive writes an image as docker save does.
func (b *builder) archive(size string, env []string, steps []step) (err error) {
	f, err := os.Create(b.path("out/" + size + "/image.tar"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := tar.NewWriter(f)
	var diffs, layers []string
	var history []map[string]any
	for _, s := range steps {
		line := map[string]any{"created": "2026-11-01T00:00:00Z", "created_by": s.by}
		if s.layer == "" {
			line["empty_layer"] = true
		} else {
			sum, err := sumOf(b.path(s.layer))
			if err != nil {
				return err
			}
			diffs, layers = append(diffs, "sha256:"+sum), append(layers, sum+"/layer.tar")
			if err := add(w, sum+"/layer.tar", b.path(s.layer)); err != nil {
				return err
			}
		}
		history = append(history, line)
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "created": "2026-11-01T00:00:00Z",
		"config":  map[string]any{"Env": env, "Cmd": []string{"/usr/local/bin/service"}, "User": "1000", "WorkingDir": "/srv/web"},
		"rootfs":  map[string]any{"type": "layers", "diff_ids": diffs},
		"history": history,
	})
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%x.json", sha256.Sum256(config))
	manifest, err := json.Marshal([]map[string]any{{
		"Config": name, "RepoTags": []string{"bulkhead-test-" + size + ":1"}, "Layers": layers,
	}})
	if err != nil {
		return err
	}
	for n, text := range map[string][]byte{name: config, "manifest.json": manifest} {
		if err := w.WriteHeader(&tar.Header{Name: n, Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return w.Close()
}

// sumOf returns the SHA-256 of a file, in hexadecimal.
func sumOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// add adds the file from to an archive.
func add(w *tar.Writer, name, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: info.Size(), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}
