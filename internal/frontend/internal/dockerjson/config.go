package dockerjson

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"bulkhead/internal/model"
)

// Config is the configuration containers and images share: Config of docker
// inspect, and config of an OCI image configuration. Package json matches
// names without regard to case, so one type reads both.
type Config struct {
	Hostname     string
	User         string
	Env          []string
	Entrypoint   Strings
	Cmd          Strings
	WorkingDir   string
	ExposedPorts map[string]any
	Volumes      map[string]any
	Labels       map[string]string
	Healthcheck  *Healthcheck
	OnBuild      []string
	StopSignal   Signal
	OpenStdin    bool
	Tty          bool
	AttachStdout bool
	Image        string

	// CreateCommand is the command line Podman was given.
	CreateCommand []string
}

// A Healthcheck is the health check of a configuration.
type Healthcheck struct{ Test Strings }

// A Reader turns a configuration into facts of one subject.
type Reader struct {
	Config  *Config // nil where the artifact has none
	Subject string  // "container web"
	Field   string  // what Config is called there: "Config"
}

func (r Reader) path(field string) string { return Path(r.Subject, r.Field+"."+field) }

// User returns who the configuration says the process starts as.
func (r Reader) User() model.Fact[model.User] {
	if r.Config == nil {
		return model.Fact[model.User]{State: model.Unknown, Path: r.path("User")}
	}
	u := r.Config.User
	return model.Fact[model.User]{Value: ParseUser(u), State: set(u != ""), Path: r.path("User")}
}

// ParseUser parses USER[:GROUP] without looking names up, but for root's.
func ParseUser(s string) model.User {
	name, group, grouped := strings.Cut(s, ":")
	u := model.User{Name: s, UID: number(name), GID: -1}
	if name == "" {
		u.UID = 0
	}
	switch {
	case grouped && group != "":
		u.GID = number(group)
	case u.UID == 0:
		u.GID = 0
	}
	return u
}

// number returns the id s stands for without a passwd file, -1 if none.
func number(s string) int64 {
	if s == "root" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<32-1 {
		return -1
	}
	return n
}

// Env returns the environment in its order. A name without a value is one
// that is taken away.
func (r Reader) Env() []model.Variable {
	if r.Config == nil {
		return nil
	}
	var out []model.Variable
	for _, entry := range r.Config.Env {
		name, value, ok := strings.Cut(entry, "=")
		out = append(out, model.Variable{
			Name:  name,
			Value: model.Fact[string]{Value: value, State: set(ok), Path: r.path("Env[" + name + "]")},
			From:  model.FromLiteral,
		})
	}
	return out
}

// Entrypoint returns the entry point.
func (r Reader) Entrypoint() model.Fact[model.Argv] {
	if r.Config == nil {
		return model.Fact[model.Argv]{State: model.Unknown, Path: r.path("Entrypoint")}
	}
	return argv(r.Config.Entrypoint, r.path("Entrypoint"))
}

// Command returns the command.
func (r Reader) Command() model.Fact[model.Argv] {
	if r.Config == nil {
		return model.Fact[model.Argv]{State: model.Unknown, Path: r.path("Cmd")}
	}
	return argv(r.Config.Cmd, r.path("Cmd"))
}

// argv returns args as a fact. What a builder makes of the shell form is
// turned back into it: it is run by a shell however it was written.
func argv(args []string, path string) model.Fact[model.Argv] {
	fact := model.Fact[model.Argv]{Value: model.Argv{Args: args}, State: set(len(args) > 0), Path: path}
	n := len(args) - 1
	if n < 1 {
		return fact
	}
	switch strings.ToLower(strings.Join(args[:n], " ")) {
	case "/bin/sh -c", "cmd /s /c":
		fact.Value = model.Argv{Args: args[n:], Shell: true}
	}
	return fact
}

// WorkingDir returns the working directory.
func (r Reader) WorkingDir() model.Fact[string] {
	if r.Config == nil {
		return model.Fact[string]{State: model.Unknown, Path: r.path("WorkingDir")}
	}
	dir := r.Config.WorkingDir
	if dir == "" {
		return model.Fact[string]{Value: "/", Path: r.path("WorkingDir")}
	}
	return model.Fact[string]{Value: dir, State: model.Set, Path: r.path("WorkingDir")}
}

// Health returns the health check.
func (r Reader) Health() model.Fact[model.Health] {
	fact := model.Fact[model.Health]{Path: r.path("Healthcheck")}
	if r.Config == nil {
		fact.State = model.Unknown
		return fact
	}
	if r.Config.Healthcheck == nil || len(r.Config.Healthcheck.Test) == 0 {
		return fact
	}
	fact.State = model.Set
	switch test := r.Config.Healthcheck.Test; test[0] {
	case "NONE":
		fact.Value = model.Health{Kind: model.DisabledHealth}
	case "CMD", "CMD-SHELL":
		fact.Value = model.Health{Kind: model.CommandHealth, Test: test[1:]}
	default: // Podman leaves the keyword out of some
		fact.Value = model.Health{Kind: model.CommandHealth, Test: test}
	}
	return fact
}

// Labels returns the labels by name.
func (r Reader) Labels() []model.Label {
	if r.Config == nil {
		return nil
	}
	return Labels(r.Config.Labels, r.path("Labels"))
}

// Labels returns the entries of m by name, each with its path under path.
func Labels(m map[string]string, path string) []model.Label {
	var out []model.Label
	for _, name := range slices.Sorted(maps.Keys(m)) {
		out = append(out, model.Label{
			Name:  name,
			Value: model.Fact[string]{Value: m[name], State: model.Set, Path: path + "[" + name + "]"},
		})
	}
	return out
}

// Volumes returns the paths declared as volumes.
func (r Reader) Volumes() []model.Fact[string] {
	if r.Config == nil {
		return nil
	}
	var out []model.Fact[string]
	for _, v := range slices.Sorted(maps.Keys(r.Config.Volumes)) {
		out = append(out, model.Fact[string]{Value: v, State: model.Set, Path: r.path("Volumes[" + v + "]")})
	}
	return out
}

// Exposed returns the exposed ports, lowest first.
func (r Reader) Exposed() []model.Port {
	if r.Config == nil {
		return nil
	}
	var out []model.Port
	for spec := range r.Config.ExposedPorts {
		p := ParsePort(spec)
		p.Place.Path = r.path("ExposedPorts[" + spec + "]")
		out = append(out, p)
	}
	SortPorts(out)
	return out
}

// set returns Set where said holds.
func set(said bool) model.State {
	if said {
		return model.Set
	}
	return model.Unset
}
