package workload

import (
	"testing"

	"bulkhead/internal/finding"
	"bulkhead/internal/model"
	"bulkhead/internal/rule"
)

// mounting returns the findings of r about a container that binds host.
func mounting(r *rule.Rule, host string, readOnly bool) []finding.Finding {
	w := &model.Workload{Name: "web", Mounts: []model.Mount{{
		Kind:     model.BindMount,
		Source:   model.Fact[string]{Value: host, State: model.Set},
		Target:   model.Fact[string]{Value: "/data", State: model.Set},
		ReadOnly: model.Fact[bool]{Value: readOnly, State: model.Set},
	}}}
	return rule.Run(r, &model.System{Workloads: []*model.Workload{w}})
}

// TestMountSpellings checks that a path counts as what it means, however it is
// spelt.
func TestMountSpellings(t *testing.T) {
	for _, tt := range []struct {
		rule     *rule.Rule
		readOnly bool
		want     finding.Severity
		hosts    []string
	}{
		{engineSocket, false, finding.Critical, []string{"/var/run/docker.sock", "/run/docker.sock", "//var//run/docker.sock", "/var/run/../run/docker.sock"}},
		{engineSocket, true, finding.Critical, []string{"/var/run/docker.sock", "/run/docker.sock", "/var/run/./docker.sock", "/run//docker.sock"}},
		{engineSocket, true, finding.Critical, []string{"/run/user/1000/docker.sock", "/run/user/1000/podman/podman.sock", "/home/ann/.docker/run/docker.sock", "/run/user/1000"}},
		{engineSocket, false, finding.Critical, []string{"/run", "/run/", "/var/run", "/var/run/."}},
		{engineSocket, false, finding.Critical, []string{"/", "//", "/.", "/etc/.."}},
		{engineSocket, false, finding.Critical, []string{"/run/containerd/containerd.sock", "/var/run/crio/crio.sock", "/run/containerd", "/run/k3s/containerd/containerd.sock"}},
		{sensitiveHostMount, false, finding.Critical, []string{"/", "//", "/.", "/etc/.."}},
		{sensitiveHostMount, false, finding.Critical, []string{"/etc", "/etc/", "//etc", "/usr/../etc"}},
		{sensitiveHostMount, true, finding.Medium, []string{"/etc", "/etc/", "//etc", "/usr/../etc"}},
		{sensitiveHostMount, true, finding.High, []string{"/var/lib/docker", "/var/lib/docker/volumes", "/var/lib/../lib/docker", "/var/lib/containerd"}},
		{sensitiveHostMount, true, finding.High, []string{"/root", "/home/ann", "/home/ann/.ssh", "/home/ann/.aws/credentials"}},
		{sensitiveHostMount, false, finding.High, []string{"/proc", "/proc/", "/sys", "/sys/fs/cgroup"}},
		{sensitiveHostMount, false, finding.Low, []string{"/etc/localtime", "/etc/timezone", "/etc//localtime", "/usr/share/zoneinfo/UTC"}},
		{writableHostMount, false, finding.Low, []string{"/srv/shop", "/srv/shop/", "/opt/shop", "/home/ann/shop"}},
	} {
		for _, host := range tt.hosts {
			got := mounting(tt.rule, host, tt.readOnly)
			if len(got) != 1 || got[0].Severity != tt.want {
				t.Errorf("%s of %s, read-only %t: got %v, want one of severity %s", tt.rule.Name, host, tt.readOnly, got, tt.want)
			}
		}
	}
}

// TestHarmlessMounts checks what no rule about mounts may accuse.
func TestHarmlessMounts(t *testing.T) {
	for _, tt := range []struct {
		host     string
		readOnly bool
	}{
		{"/etc/localtime", true},
		{"/etc/ssl/certs", true},
		{"/lib/modules", true},
		{"/srv/shop", true},
		{"/home/ann/shop", true},
		{"/etcetera", true},
		{"/run/shop", true},
		{"/var/running", true},
		{"/srv/docker", true},
	} {
		for _, r := range []*rule.Rule{engineSocket, sensitiveHostMount, writableHostMount} {
			if got := mounting(r, tt.host, tt.readOnly); len(got) > 0 {
				t.Errorf("%s of %s, read-only %t: got %v, want nothing", r.Name, tt.host, tt.readOnly, got)
			}
		}
	}
}

// TestRemoteEngine checks which values of DOCKER_HOST name an engine that is
// not a neighbour on the container's own network.
func TestRemoteEngine(t *testing.T) {
	for value, want := range map[string]string{
		"tcp://10.0.0.5:2375":               "10.0.0.5:2375",
		"tcp://host.docker.internal:2375":   "host.docker.internal:2375",
		"tcp://[fd00::5]:2376":              "[fd00::5]:2376",
		"https://ann:pw@engine.example.com": "engine.example.com",
		"tcp://docker:2375":                 "",
		"tcp://socket-proxy:2375":           "",
		"tcp://127.0.0.1:2375":              "",
		"unix:///var/run/docker.sock":       "",
		"ssh://ann@engine.example.com":      "",
		"":                                  "",
		"tcp://%zz":                         "",
	} {
		if got := remoteEngine(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

// TestPipe checks that the engine's pipe on Windows counts as its socket.
func TestPipe(t *testing.T) {
	for _, host := range []string{`\\.\pipe\docker_engine`, "//./pipe/docker_engine"} {
		w := &model.Workload{Name: "web", Mounts: []model.Mount{{Kind: model.OtherMount, Source: set(host)}}}
		if got := rule.Run(engineSocket, &model.System{Workloads: []*model.Workload{w}}); len(got) != 1 {
			t.Errorf("%s: got %v, want one finding", host, got)
		}
	}
}
