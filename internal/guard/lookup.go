package guard

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"bulkhead/internal/engine"
	"bulkhead/internal/frontend/apirequest"
	"bulkhead/internal/frontend/container"
	"bulkhead/internal/frontend/daemon"
	"bulkhead/internal/frontend/image"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// A lookup asks the engine for what one request names.
type lookup struct {
	ctx    context.Context
	engine Engine
	err    error // the first failure but "no such object"
}

// options returns the questions as package apirequest puts them.
func (l *lookup) options() apirequest.Options {
	return apirequest.Options{Volume: l.volume, Container: l.container, Network: l.network, Exec: l.exec, Canonical: canonical}
}

// failed keeps an error that leaves something unknown.
func (l *lookup) failed(err error) {
	if err != nil && l.err == nil && !errors.Is(err, engine.ErrNotFound) {
		l.err = err
	}
}

// inspect decodes the engine's JSON of one object into v.
func (l *lookup) inspect(kind engine.Kind, name string, v any) error {
	if name == "" {
		return engine.ErrNotFound
	}
	f, err := l.engine.Object(l.ctx, kind, name)
	if err != nil {
		return err
	}
	return json.Unmarshal(f.Text, v)
}

func (l *lookup) volume(name string) (string, map[string]string, bool) {
	var v struct {
		Driver  string
		Options map[string]string
	}
	if err := l.inspect(engine.VolumeKind, name, &v); err != nil {
		l.failed(err)
		return "", nil, false
	}
	return v.Driver, v.Options, true
}

func (l *lookup) network(name string) string {
	var n struct{ Driver string }
	l.failed(l.inspect(engine.NetworkKind, name, &n))
	return n.Driver
}

func (l *lookup) exec(id string) (string, bool, error) {
	var e struct {
		ContainerID   string
		ProcessConfig struct {
			Privileged bool `json:"privileged"`
		}
	}
	if err := l.inspect(engine.ExecKind, id, &e); err != nil {
		return "", false, err
	}
	return e.ContainerID, e.ProcessConfig.Privileged, nil
}

// container returns a container with the options of the volumes it mounts.
func (l *lookup) container(name string) (*model.Workload, error) {
	var c struct {
		Mounts []struct{ Type, Name, Driver string }
	}
	name = strings.TrimPrefix(name, "/") // as the engine writes names, and takes them
	if name == "" {
		return nil, engine.ErrNotFound
	}
	f, err := l.engine.Object(l.ctx, engine.ContainerKind, name)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(f.Text, &c); err != nil {
		return nil, err
	}
	volumes := map[string]map[string]string{}
	for _, m := range c.Mounts {
		if m.Type == "volume" && m.Driver == "local" {
			if _, options, _ := l.volume(m.Name); len(options) > 0 {
				volumes[m.Name] = options
			}
		}
	}
	facts := container.Read(withVolumes(f, volumes))
	if len(facts.Workloads) != 1 || facts.Workloads[0].Engine == "" {
		return nil, errors.New("the engine's answer about container " + name + " cannot be read")
	}
	return facts.Workloads[0], l.err
}

// withVolumes adds volumes to a container's JSON as package container reads
// them.
func withVolumes(f *source.File, volumes map[string]map[string]string) *source.File {
	text := strings.TrimSpace(string(f.Text))
	if len(volumes) == 0 || !strings.HasSuffix(text, "}") {
		return f
	}
	more, err := json.Marshal(volumes)
	if err != nil {
		return f
	}
	return source.NewFile(f.Name, []byte(strings.TrimSuffix(text, "}")+`,"Volumes":`+string(more)+"}"))
}

// images returns what the image w runs is called by what cannot be given to
// another image here: its id, and the repositories it was pulled from. A tag is
// given by whoever may talk to the engine.
func (l *lookup) images(w *model.Workload) []string {
	name := w.Image.ID
	if name == "" {
		name = w.Image.Ref.Value.Raw
	}
	var i struct {
		ID          string `json:"Id"`
		RepoDigests []string
	}
	if err := l.inspect(engine.ImageKind, name, &i); err != nil {
		return nil
	}
	return append([]string{i.ID}, i.RepoDigests...)
}

// stored returns the image that w runs as the engine holds it, none where it
// does not.
func (l *lookup) stored(w *model.Workload) []*model.Image {
	name := w.Image.ID
	if name == "" {
		name = w.Image.Ref.Value.Raw
	}
	if name == "" {
		return nil
	}
	f, err := l.engine.Object(l.ctx, engine.ImageKind, name)
	if err != nil {
		l.failed(err)
		return nil
	}
	return image.Read(f).Images
}

// readInfo returns the engine's configuration and its data directory.
func readInfo(ctx context.Context, e Engine) ([]*model.Host, string, error) {
	f, err := e.Info(ctx)
	if err != nil {
		return nil, "", err
	}
	var info struct{ DockerRootDir string }
	if err := json.Unmarshal(f.Text, &info); err != nil {
		return nil, "", err
	}
	hosts := daemon.Read(f).Hosts
	for _, h := range hosts {
		// What an engine leaves off for every container is no request's
		// fault: denying each would help nobody. Check says it of the engine.
		h.Seccomp.State = model.Unknown
	}
	return hosts, info.DockerRootDir, nil
}

// maxLinks bounds how many links that lead nowhere are followed.
const maxLinks = 40

// canonical returns a path of the host with its symbolic links followed, as
// far as it exists: the engine makes what is missing.
func canonical(p string) string {
	p = filepath.Clean(p)
	rest := ""
	for links := 0; links < maxLinks; {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			return filepath.Join(real, rest)
		}
		if target, err := os.Readlink(p); err == nil { // to something that is not there
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(p), target)
			}
			p = filepath.Clean(target)
			links++
			continue
		}
		if p == "/" || p == "." {
			break
		}
		p, rest = filepath.Dir(p), filepath.Join(filepath.Base(p), rest)
	}
	return filepath.Join(p, rest)
}
