package guard

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulkhead/internal/frontend/daemon"
	"bulkhead/internal/model"
	"bulkhead/internal/source"
)

// Name is the plugin's name, as the engine's configuration and its denials
// have it.
const Name = "bulkhead"

// ErrConfiguration is what Enable and Disable fail with where the engine's
// configuration cannot be read as one.
var ErrConfiguration = errors.New("is not a configuration of the engine")

// Enable returns the engine's configuration with the guard among the
// authorization plugins, every other byte as it was. Of nothing it makes a
// configuration.
func Enable(text []byte) ([]byte, error) {
	if len(text) == 0 {
		return []byte("{\n  \"authorization-plugins\": [\"" + Name + "\"]\n}\n"), nil
	}
	f, plugins, err := configured(text)
	if err != nil {
		return nil, err
	}
	if isEnabled(plugins) {
		return text, nil
	}
	if plugins.Add == nil {
		return nil, ErrConfiguration
	}
	return source.Apply(f, plugins.Add(Name))
}

// Disable returns the engine's configuration without the guard among the
// authorization plugins.
func Disable(text []byte) ([]byte, error) {
	f, plugins, err := configured(text)
	if err != nil {
		return nil, err
	}
	for _, p := range plugins.Items {
		if p.Value == Name && p.Delete != nil {
			return source.Apply(f, p.Delete())
		}
	}
	if isEnabled(plugins) {
		return nil, fmt.Errorf("the guard cannot be taken out of the list: %w", ErrConfiguration)
	}
	return text, nil
}

// Enabled reports whether the guard is among the authorization plugins.
func Enabled(text []byte) bool {
	_, plugins, err := configured(text)
	return err == nil && isEnabled(plugins)
}

func isEnabled(plugins model.List[string]) bool {
	return slices.ContainsFunc(plugins.Items, func(p model.Fact[string]) bool { return p.Value == Name })
}

// configured reads the list of plugins.
func configured(text []byte) (*source.File, model.List[string], error) {
	f := source.NewFile("daemon.json", text)
	facts := daemon.Read(f)
	if len(facts.Hosts) != 1 || facts.Hosts[0].Surface != model.Daemon || facts.Hosts[0].Authorization.State == model.Unknown {
		return nil, model.List[string]{}, ErrConfiguration
	}
	return f, facts.Hosts[0].Authorization, nil
}

// ServiceUnit returns the systemd unit that runs the guard. program is the
// path of this program, args are what guard serve is given beside it.
func ServiceUnit(program string, args ...string) string {
	return `[Unit]
Description=Bulkhead: refuse what is unsafe at the Docker API
Documentation=man:bulkhead
Requires=bulkhead-guard.socket
Before=docker.service

[Service]
ExecStart=` + program + ` ` + strings.Join(append([]string{"guard", "serve"}, args...), " ") + `
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=100ms
StartLimitIntervalSec=0
StandardOutput=append:/var/log/bulkhead-guard.jsonl
MemoryMax=256M
NoNewPrivileges=yes
ProtectHome=read-only

[Install]
WantedBy=multi-user.target
`
}

// SocketUnit returns the systemd unit of the guard's socket. systemd holds the
// socket while the guard restarts, so that the engine's questions wait and are
// answered.
func SocketUnit(socket string) string {
	return `[Unit]
Description=Bulkhead: the socket the Docker engine asks
Before=docker.service

[Socket]
ListenStream=` + socket + `
SocketMode=0600
DirectoryMode=0755

[Install]
WantedBy=sockets.target
`
}
