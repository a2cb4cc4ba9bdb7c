package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// A Proof is a request that tells whether the guard is live. It makes nothing
// where it is not: its image does not exist.
type Proof struct {
	Name      string
	Target    string // of a POST
	Body      []byte
	Forbidden bool
}

// Proofs returns what guard test asks for.
func Proofs() []Proof {
	const create = "/v1.41/containers/create"
	body := func(text string) []byte { return []byte(`{"Image":"bulkhead-guard-test:none",` + text + `}`) }
	privileged := `"HostConfig":{"Privileged":true}`
	return []Proof{
		{"a privileged container", create, body(privileged), true},
		{"the same with keys in small letters", create, body(strings.ToLower(privileged)), true},
		{"the same with a second, empty HostConfig", create, body(privileged + `,"HostConfig":{}`), true},
		{"the same with an encoded path", "/v1.41/contain%65rs/create", body(privileged), true},
		{"the same padded by 1 MiB", create, body(`"Labels":{"x":"` + strings.Repeat("x", 1<<20) + `"},` + privileged), true},
		{"the engine's socket, read-only", create, body(`"HostConfig":{"Binds":["/var/run/docker.sock:/s:ro"]}`), true},
		{"a volume that is a folder of the host", create, body(`"HostConfig":{"Mounts":[{"Type":"volume","Target":"/x","VolumeOptions":{"DriverConfig":{"Options":{"o":"bind","device":"/etc"}}}}]}`), true},
		{"a plain container", create, body(`"HostConfig":{}`), false},
	}
}

// Denied reports whether an answer of the engine is a plugin's denial.
func Denied(status int, message string) bool {
	return status == http.StatusForbidden && strings.Contains(message, "denied by plugin")
}

// Ping asks the guard at socket whether it is one.
func Ping(ctx context.Context, socket string) error {
	c := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://guard/Plugin.Activate", nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var said struct{ Implements []string }
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return err
	}
	if len(said.Implements) != 1 || said.Implements[0] != "authz" {
		return fmt.Errorf("%s is no authorization plugin", socket)
	}
	return nil
}

// An Installation is what install did, so that it can be undone to the byte.
type Installation struct {
	Config  string `json:"config"` // path of the engine's configuration
	Existed bool   `json:"existed"`
	Before  []byte `json:"before"`
	After   []byte `json:"after"`
}

const installFile = "install.json"

// Keep remembers an installation. The first one stands: what it found is what
// uninstall restores.
func (s *State) Keep(i Installation) error {
	if _, err := s.Kept(); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.write(installFile, i)
}

// Kept returns the installation; the error wraps fs.ErrNotExist where there is
// none.
func (s *State) Kept() (Installation, error) {
	var i Installation
	err := s.read(installFile, &i)
	return i, err
}

// Remove removes everything s holds.
func (s *State) Remove() error {
	for _, name := range []string{deniedDir, grantedDir, exemptDir, switchFile, installFile} {
		if err := os.RemoveAll(filepath.Join(s.Dir, name)); err != nil {
			return err
		}
	}
	if err := os.Remove(s.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
