package workload

import (
	_ "embed"
	"fmt"
	"net/url"
	"path"
	"strings"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

//go:embed engine_socket.txtar
var engineSocketDoc string

var engineSocket = &rule.Rule{
	Name:     "engine-socket",
	Summary:  "the container can talk to the container engine",
	Severity: finding.Critical,
	Refs: []string{
		"trivy KSV-0006",
		"kics docker_socket_mounted_in_container",
		"kics docker_daemon_socket_is_exposed_to_containers",
		"checkov CKV_K8S_27",
		"kube-linter docker-sock",
		"CIS-Docker 5.32",
		"PSS baseline",
	},
	Gain:     "start a privileged container and own the host",
	Prize:    finding.Takeover,
	Doc:      engineSocketDoc,
	Workload: checkEngineSocket,
}

func checkEngineSocket(p *rule.Pass, w *model.Workload) {
	for _, m := range w.Mounts {
		checkSocketMount(p, m)
	}
	for _, v := range w.Env {
		if v.Name != "DOCKER_HOST" || !v.Value.Known() {
			continue
		}
		if host := remoteEngine(v.Value.Value); host != "" {
			p.Report(v.Value.Place(), "container is pointed at an engine outside: DOCKER_HOST is "+host,
				rule.Delete(v.Value, "do not name the engine")).Severity = finding.High
		}
	}
}

func checkSocketMount(p *rule.Pass, m model.Mount) {
	for _, host := range hostPaths(m) {
		message := ""
		switch {
		case isEngineSocket(host) && m.ReadOnly.Known() && m.ReadOnly.Value:
			message = fmt.Sprintf("container mounts engine socket %s; read-only does not limit what it takes", host)
		case isEngineSocket(host):
			message = fmt.Sprintf("container mounts engine socket %s", host)
		case holdsSocket(host):
			message = fmt.Sprintf("container mounts host path %s, which holds the engine's socket", host)
		default:
			continue
		}
		p.Report(m.Place, message, rule.Do(m.Delete, "do not mount "+host))
		return
	}
}

// isEngineSocket reports whether host is the socket of an engine, wherever it
// lies: rootless engines have theirs in the user's directories.
func isEngineSocket(host string) bool {
	switch path.Base(host) {
	case "docker.sock", "docker.raw.sock", "containerd.sock", "podman.sock", "crio.sock", "cri-dockerd.sock", "dockershim.sock", "buildkitd.sock":
		return true
	case "docker_engine":
		return strings.HasSuffix(path.Dir(host), "pipe")
	}
	return false
}

// holdsSocket reports whether a socket of an engine lies below the directory
// host. /var is not one: its run is a link that leads to the container's own.
func holdsSocket(host string) bool {
	switch host {
	case "/", "/run", "/run/docker", "/run/docker/containerd", "/run/containerd", "/run/crio", "/run/podman", "/run/k3s", "/run/k3s/containerd", "/run/buildkit", "/run/user":
		return true
	}
	user, ok := strings.CutPrefix(host, "/run/user/")
	return ok && (!strings.Contains(user, "/") || strings.HasSuffix(user, "/podman"))
}

// remoteEngine returns where the engine is that a value of DOCKER_HOST names,
// or "" where it is a neighbour. A single word is a neighbour's name, such as
// a filtering proxy's, which is judged where it is defined.
func remoteEngine(value string) string {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "tcp" && u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	host := u.Hostname()
	if !strings.ContainsAny(host, ".:") || strings.HasPrefix(host, "127.") || host == "::1" {
		return ""
	}
	return u.Host // without the user and password that value may hold
}

// hostPaths returns the paths of the host that m binds, by their canonical
// names: /run for /var/run, and slashes for the backslashes of a Windows pipe.
func hostPaths(m model.Mount) []string {
	paths := m.Host
	pipe := m.Kind == model.OtherMount && strings.Contains(m.Source.Value, "pipe")
	switch {
	case m.Kind != model.BindMount && !pipe:
		return nil
	case len(paths) == 0 && m.Source.Known():
		paths = []string{m.Source.Value}
	}
	out := make([]string, 0, len(paths))
	for _, host := range paths {
		host = path.Clean(strings.ReplaceAll(host, `\`, "/"))
		if rest, ok := strings.CutPrefix(host, "/var/run"); ok && (rest == "" || rest[0] == '/') {
			host = "/run" + rest
		}
		out = append(out, host)
	}
	return out
}
