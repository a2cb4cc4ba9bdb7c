package learn

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A subject is what is learned about: a container, of which copies are made.
type subject struct {
	id, name string
	image    string // as it is called
	running  bool
	in       inspected
	copies   map[string]string // of folders that a copy may write to, by source
	work     string            // the folder they are in
}

// inspected is what copies need of a container's description. What they take over
// as it is stays as the engine wrote it.
type inspected struct {
	ID              string `json:"Id"`
	Name            string
	Image           string // its id
	AppArmorProfile string
	State           struct{ Running bool }
	Config          map[string]json.RawMessage
	HostConfig      map[string]json.RawMessage
	Mounts          []mounted
	NetworkSettings struct {
		Networks map[string]endpoint
	}
}

// A mounted is a mount of a container.
type mounted struct {
	Type, Name, Source, Destination string

	RW bool
}

// An endpoint is a container's place in a network.
type endpoint struct {
	Aliases []string
}

// open finds the container, or makes one of the image that only serves as the
// description of copies.
func (l *learner) open() (*subject, error) {
	name := l.Container
	s := &subject{copies: map[string]string{}}
	if l.Image != "" {
		body, err := json.Marshal(struct{ Image string }{l.Image})
		if err != nil {
			return nil, err
		}
		id, err := l.Engine.Create(l.ctx, fmt.Sprintf("bulkhead-learn-%d", os.Getpid()), body)
		if err != nil {
			return nil, err
		}
		defer func() { _ = l.Engine.Remove(l.ctx, id) }() // nothing ran in it
		name = id
	}
	text, err := l.Engine.Inspect(l.ctx, name)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &s.in); err != nil {
		return nil, fmt.Errorf("read container %s: %w", name, err)
	}
	s.id, s.name, s.running = s.in.ID, strings.TrimPrefix(s.in.Name, "/"), s.in.State.Running
	s.image = value[string](s.in.Config, "Image")
	if l.Image != "" {
		s.name = baseName(l.Image)
	}
	if service := value[map[string]string](s.in.Config, "Labels")[serviceLabel]; service != "" {
		s.name = service
	}
	if !l.InPlace {
		if err := s.copyFolders(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// serviceLabel is the label that says of which Compose service a container is.
const serviceLabel = "com.docker.compose.service"

// baseName returns what an image is called without its registry and tag.
func baseName(image string) string {
	name, _, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	name, _, _ = strings.Cut(name, "@")
	return name
}

// value returns a value of the engine's JSON, zero where there is none or an odd
// one.
func value[T any](in map[string]json.RawMessage, key string) T {
	var out T
	_ = json.Unmarshal(in[key], &out) // what is odd is left as zero
	return out
}

func (s *subject) close() error {
	if s.work == "" {
		return nil
	}
	return os.RemoveAll(s.work)
}

// maxCopy bounds the size of the folders that are copied.
const maxCopy = 256 << 20

// copyFolders copies the folders of this machine that the container may write to.
func (s *subject) copyFolders() error {
	var total int64
	for _, m := range s.in.Mounts {
		info, err := os.Stat(m.Source)
		if m.Type != "bind" || !m.RW || err != nil || !info.IsDir() && !info.Mode().IsRegular() {
			continue // a socket is the same however often it is copied
		}
		total += size(m.Source, maxCopy)
		if total > maxCopy {
			return fmt.Errorf("%s may be written to by the container and is larger than %d MB: it is not copied; --in-place uses it itself", m.Source, maxCopy>>20)
		}
		if s.work == "" {
			if s.work, err = os.MkdirTemp("", "bulkhead-learn-"); err != nil {
				return err
			}
			if err := os.Chmod(s.work, 0o711); err != nil { //nolint:gosec // the container's users go through it
				return err
			}
		}
		to := filepath.Join(s.work, fmt.Sprint(len(s.copies)))
		if out, err := exec.Command("cp", "-a", "--", m.Source, to).CombinedOutput(); err != nil {
			return fmt.Errorf("copy %s: %w: %s", m.Source, err, out)
		}
		s.copies[m.Source] = to
	}
	return nil
}

// size returns how many bytes the files below name have, as soon as they are more
// than limit.
func size(name string, limit int64) int64 {
	var total int64
	_ = filepath.Walk(name, func(_ string, info os.FileInfo, err error) error { // what cannot be read is not copied either, and that fails
		if err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		if total > limit {
			return filepath.SkipAll
		}
		return nil
	})
	return total
}

// A hardening is what a copy is confined by. Nil leaves the copy as the
// container is.
type hardening struct {
	seccomp         *Profile
	capabilities    []string // with dropAll, what is left
	dropAll         bool
	noNewPrivileges bool
	readOnly        bool
	noNetwork       bool
	places          []Place
}

// A setting is one key of a request.
type setting struct {
	in    map[string]json.RawMessage
	key   string
	value any
}

// body returns the request to create a copy.
func (s *subject) body(h *hardening, inPlace bool) ([]byte, error) {
	config, host := maps.Clone(s.in.Config), maps.Clone(s.in.HostConfig)
	labels := value[map[string]string](config, "Labels")
	maps.DeleteFunc(labels, func(k, _ string) bool { return strings.HasPrefix(k, "com.docker.compose.") })
	sets := []setting{
		{config, "Image", s.in.Image},
		{config, "Labels", labels},
		{config, "AttachStdin", false},
		{config, "AttachStdout", false},
		{config, "AttachStderr", false},
		{host, "RestartPolicy", map[string]string{"Name": "no"}},
		{host, "AutoRemove", false},
		{host, "ContainerIDFile", ""},
		{host, "Binds", nil},
		{host, "VolumesFrom", nil},
		{host, "Mounts", s.mounts(h, inPlace)},
		{host, "LogConfig", map[string]string{"Type": "json-file"}},
	}
	if value[string](config, "Hostname") == s.id[:min(len(s.id), 12)] {
		delete(config, "Hostname")
	}
	if !inPlace {
		sets = append(sets, setting{host, "PortBindings", anyPort(value[map[string][]portBinding](host, "PortBindings"))})
	}
	if h != nil {
		options, err := s.options(h)
		if err != nil {
			return nil, err
		}
		maps.Copy(host, options)
	}
	for _, set := range sets {
		text, err := json.Marshal(set.value)
		if err != nil {
			return nil, err
		}
		set.in[set.key] = text
	}
	var err error
	if config["HostConfig"], err = json.Marshal(host); err != nil {
		return nil, err
	}
	networks := s.network(inPlace)
	if h != nil && h.noNetwork {
		networks = networking{}
	}
	if config["NetworkingConfig"], err = json.Marshal(networks); err != nil {
		return nil, err
	}
	return json.Marshal(config)
}

// A portBinding is where a port is published.
type portBinding struct{ HostIP, HostPort string } //nolint:revive // as the engine spells it, but for case

// MarshalJSON writes the binding as the engine reads it.
func (p portBinding) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"HostIp": p.HostIP, "HostPort": p.HostPort})
}

// anyPort publishes ports on this machine alone, where it has room.
func anyPort(ports map[string][]portBinding) map[string][]portBinding {
	out := map[string][]portBinding{}
	for port := range ports {
		out[port] = []portBinding{{HostIP: "127.0.0.1"}}
	}
	return out
}
