package engine

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// What the operating system says of a socket.
var (
	errPermission = fs.ErrPermission
	errNotExist   = fs.ErrNotExist
)

// maxConfig bounds the docker command's configuration files.
const maxConfig = 4 << 20

// An endpoint is where an engine listens.
type endpoint struct {
	host  string
	certs certificates
}

// An environment is what decides which engine is meant.
type environment struct {
	getenv  func(string) string
	home    string
	uid     int
	exists  func(path string) bool // of sockets
	windows bool
}

// systemEnvironment returns the environment of this process.
func systemEnvironment() environment {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return environment{
		getenv: os.Getenv,
		home:   home,
		uid:    os.Getuid(),
		exists: func(path string) bool {
			_, err := os.Stat(path)
			return !errors.Is(err, fs.ErrNotExist)
		},
		windows: runtime.GOOS == "windows",
	}
}

// chosen returns the engine somebody chose: by DOCKER_HOST, by DOCKER_CONTEXT
// or by docker context use. The order is that of the docker command.
func (env environment) chosen() (endpoint, bool, error) {
	if host := env.getenv("DOCKER_HOST"); host != "" {
		return endpoint{host: host, certs: env.certs()}, true, nil
	}
	name := env.getenv("DOCKER_CONTEXT")
	if name == "" {
		var config struct{ CurrentContext string }
		err := readJSON(filepath.Join(env.configDir(), "config.json"), &config)
		// One that may not be read is another user's, so it chooses nothing.
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
			return endpoint{}, false, &Error{Err: err, Hint: "correct the docker command's configuration"}
		}
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return endpoint{}, false, nil
	}
	at, err := env.context(name)
	if err != nil {
		return endpoint{}, false, &Error{Err: err, Hint: "see docker context ls"}
	}
	return at, true, nil
}

// configDir returns the folder of the docker command's configuration.
func (env environment) configDir() string {
	if dir := env.getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(env.home, ".docker")
}

// context returns the endpoint of a docker context. Its files are in folders
// named for the sum of its name.
func (env environment) context(name string) (endpoint, error) {
	sum := sha256.Sum256([]byte(name))
	folder := hex.EncodeToString(sum[:])
	dir := filepath.Join(env.configDir(), "contexts")
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := readJSON(filepath.Join(dir, "meta", folder, "meta.json"), &meta); err != nil {
		return endpoint{}, fmt.Errorf("read docker context %q: %w", name, err)
	}
	docker, ok := meta.Endpoints["docker"]
	if !ok || docker.Host == "" {
		return endpoint{}, fmt.Errorf("read docker context %q: %w", name, ErrUnsupported)
	}
	at := endpoint{host: docker.Host, certs: certificates{skipVerify: docker.SkipTLSVerify}}
	certs := filepath.Join(dir, "tls", folder, "docker")
	if info, err := os.Stat(certs); err == nil && info.IsDir() {
		at.certs.dir = certs
	}
	return at, nil
}

// sockets returns the addresses an engine may have where nobody chose one, the
// likeliest first.
func (env environment) sockets() []string {
	if env.windows {
		return []string{"npipe:////./pipe/docker_engine"}
	}
	runtimeDir := env.getenv("XDG_RUNTIME_DIR")
	if runtimeDir == "" {
		runtimeDir = "/run/user/" + strconv.Itoa(env.uid)
	}
	var out []string
	for _, path := range [...]string{
		"/var/run/docker.sock",
		filepath.Join(runtimeDir, "docker.sock"),
		filepath.Join(env.home, ".docker/run/docker.sock"),
		filepath.Join(env.home, ".docker/desktop/docker.sock"),
		"/run/podman/podman.sock",
		filepath.Join(runtimeDir, "podman/podman.sock"),
	} {
		if env.exists(path) {
			out = append(out, "unix://"+path)
		}
	}
	return out
}

// readJSON reads a configuration file.
func readJSON(name string, v any) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxConfig))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// Certificates say how an engine behind TCP is reached with TLS. The zero value
// is without.
type certificates struct {
	dir        string // with ca.pem, cert.pem and key.pem
	verify     bool   // TLS is asked for
	skipVerify bool
}

// certs returns what DOCKER_CERT_PATH and DOCKER_TLS_VERIFY say. The latter
// alone means the folder of the configuration.
func (env environment) certs() certificates {
	c := certificates{dir: env.getenv("DOCKER_CERT_PATH"), verify: env.getenv("DOCKER_TLS_VERIFY") != ""}
	switch {
	case c.dir == "" && c.verify:
		c.dir = env.configDir()
	case c.dir != "":
		c.skipVerify = !c.verify
	}
	return c
}

// config returns the configuration for c, nil for no TLS.
func (c certificates) config() (*tls.Config, error) {
	if c.dir == "" {
		return nil, nil
	}
	config := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: c.skipVerify, // as the docker command takes the same settings
	}
	if ca, err := os.ReadFile(filepath.Join(c.dir, "ca.pem")); err == nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(ca) {
			return nil, fmt.Errorf("read %s: no certificate in it", filepath.Join(c.dir, "ca.pem"))
		}
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(c.dir, "cert.pem"), filepath.Join(c.dir, "key.pem"))
	switch {
	case errors.Is(err, fs.ErrNotExist): // without a client's certificate
	case err != nil:
		return nil, fmt.Errorf("read the engine's client certificate: %w", err)
	default:
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
}
