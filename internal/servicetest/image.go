package servicetest

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// label is on every image and container of a service.
const label = "bulkhead-test=service"

// Load makes the image of a service, in an engine that has it not, and returns
// its name. An error is ErrImpossible where it could not be built.
func (i *Images) Load(ctx context.Context, s *Service) (string, error) {
	commands, all, err := s.text()
	if err != nil {
		return "", err
	}
	config := imageConfig(s)
	base, err := i.base(ctx)
	if err != nil {
		return "", err
	}
	packages, err := i.packages(ctx, s, base, commands)
	if err != nil {
		return "", err
	}
	programs, err := i.build(ctx, s, all)
	if err != nil {
		return "", err
	}
	files, err := pack(append(entries(all), programs...))
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(files)
	tag := fmt.Sprintf("bulkhead-service-%s:%s", s.Name, key(filepath.Base(packages), sum, config))
	if _, err := Docker(ctx, "image", "inspect", "--format", "{{.Id}}", tag); err == nil {
		return tag, nil
	}
	return tag, i.load(ctx, &archive{tag, config, []string{base, packages}, files})
}

// imageConfig returns the configuration of a service's image, as the OCI
// image-spec has it.
func imageConfig(s *Service) map[string]any {
	volumes := map[string]struct{}{}
	for _, v := range s.Volumes {
		volumes[v] = struct{}{}
	}
	name, value, _ := strings.Cut(label, "=")
	config := map[string]any{
		"Env":     append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, s.Env...),
		"Cmd":     s.Command,
		"User":    s.User,
		"Volumes": volumes,
		"Labels":  map[string]string{name: value},
		"ExposedPorts": map[string]struct{}{
			fmt.Sprintf("%d/tcp", s.Port): {},
		},
	}
	if s.Stop != "" {
		config["StopSignal"] = s.Stop
	}
	return config
}

// An archive is an image as docker load reads it.
type archive struct {
	tag    string
	config map[string]any
	dirs   []string // of layers that are kept
	files  []byte   // the last layer
}

// load gives an image to the engine.
func (i *Images) load(ctx context.Context, a *archive) error {
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(a.write(w)) }() // it never fails
	cmd := exec.CommandContext(ctx, "docker", "load", "-q")
	cmd.Stdin = r
	out, err := cmd.CombinedOutput()
	_ = r.Close() // it never fails
	if err != nil {
		return fmt.Errorf("load image %s: %w\n%s", a.tag, err, out)
	}
	i.Log("loaded %s", a.tag)
	return nil
}

// write writes the archive.
func (a *archive) write(to io.Writer) error {
	w := tar.NewWriter(to)
	var diffs, layers []string
	for _, dir := range a.dirs {
		sum, err := os.ReadFile(filepath.Join(dir, "sha256"))
		if err != nil {
			return err
		}
		layer := string(sum) + "/layer.tar"
		diffs, layers = append(diffs, "sha256:"+string(sum)), append(layers, layer)
		if err := addFile(w, layer, filepath.Join(dir, "layer.tar")); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(a.files)
	layer := fmt.Sprintf("%x/layer.tar", sum)
	diffs, layers = append(diffs, fmt.Sprintf("sha256:%x", sum)), append(layers, layer)
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "created": "2026-11-01T00:00:00Z", "config": a.config,
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffs},
	})
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%x.json", sha256.Sum256(config))
	manifest, err := json.Marshal([]map[string]any{{"Config": name, "RepoTags": []string{a.tag}, "Layers": layers}})
	if err != nil {
		return err
	}
	err = errors.Join(addBytes(w, layer, a.files), addBytes(w, name, config), addBytes(w, "manifest.json", manifest))
	return errors.Join(err, w.Close())
}

func addBytes(w *tar.Writer, name string, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := io.Copy(w, bytes.NewReader(data))
	return err
}

func addFile(w *tar.Writer, name, from string) error {
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

// Docker runs docker and returns what it prints.
func Docker(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSuffix(string(out), "\n"), nil
}
