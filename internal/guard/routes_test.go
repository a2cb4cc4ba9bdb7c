package guard

import (
	"strings"
	"testing"
)

// TestRoutes: what is in the table no line denies without a reason, and what
// is in no line is denied.
func TestRoutes(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range routes {
		if seen[r.name()] {
			t.Errorf("%s is twice in the table", r.name())
		}
		seen[r.name()] = true
		if (r.verdict == judged) != (r.read != nil) || (r.verdict == denied) != (r.why != "") {
			t.Errorf("%s: a judged route has a reader, a denied one a reason", r.name())
		}
	}
	for _, tt := range []struct{ method, uri, want string }{
		{"PATCH", "/v1.41/containers/create", "no route that is known"},
		{"post", "/v1.41/containers/create", "no route that is known"},
		{"CONNECT", "/v1.41/containers/create", "no route that is known"},
		{"POST", "/v1.41/engine/self-destruct", "no route that is known"},
		{"POST", "/v1.41/containers/a/b", "no route that is known"},
		{"GET", "/debug/vars", "no route that is known"},
		{"POST", "/v1.41/containers/create", "did not forward the body"},
		{"POST", "/v1.41/volumes/create", "did not forward the body"},
		{"POST", "/v1.41/containers/a/update", "did not forward the body"},
		{"POST", "/v1.41/containers/a/exec", "did not forward the body"},
		{"POST", "/v1.41/services/create", "did not forward the body"},
		{"POST", "/v1.41/networks/create", "did not forward the body"},
		{"POST", "/v1.41/plugins/pull", "installs a plugin"},
		{"DELETE", "/v1.41/containers/a/checkpoints/etc?dir=/", "removes a folder of the host"},
		{"POST", "/v1.41/build?version=2", "DOCKER_BUILDKIT=0"},
		{"POST", "/v1.41/session", "DOCKER_BUILDKIT=0"},
		{"POST", "/v5.0.0/libpod/containers/create", "Podman's own format"},
		{"POST", "/libpod/volumes/create", "Podman's own format"},
		{"GET", "/v4.3.1/libpod/secrets/a/json?showsecret=true", "Podman's own API"},
		{"POST", "/v4.3.1/libpod/pods/a/start", "Podman's own API"},
		{"POST", "/v4.3.1/libpod/images/pull?reference=dir:/etc", "image source"},
		{"POST", "/v4.3.1/containers/create", "no version"},
	} {
		g, _ := newGuard(t, "", shelf{})
		d := g.Decide(t.Context(), Request{Method: tt.method, URI: tt.uri})
		if d.Allow || !strings.Contains(d.Message(), tt.want) {
			t.Errorf("%s %s: got allow %v%s\nwant %q", tt.method, tt.uri, d.Allow, d.Message(), tt.want)
		}
	}
}

// TestRoutePolicy: a policy opens and closes routes, and BuildKit as a whole.
func TestRoutePolicy(t *testing.T) {
	for _, tt := range []struct {
		policy, method, uri string
		allow               bool
	}{
		{"routes: {POST /swarm/init: allow}", "POST", "/v1.41/swarm/init", true},
		{"routes: {POST /swarm/init: allow}", "POST", "/v1.41/swarm/join", false},
		{"routes: {'GET /containers/{name}/logs': deny}", "GET", "/v1.41/containers/a/logs", false},
		{"buildkit: allow", "POST", "/v1.41/session", true},
		{"buildkit: allow", "POST", "/v1.41/grpc", true},
		{"buildkit: allow", "POST", "/v1.41/build?version=2&networkmode=host", true},
		{"buildkit: allow", "POST", "/v1.41/build?networkmode=host", false},
		{"", "POST", "/v1.41/build", true},
		{"", "GET", "/v1.41/images/library/app:1/json", true},
		{"", "GET", "/v4.3.1/libpod/_ping", true},
		{"", "GET", "/libpod/containers/json", true},
		{"", "POST", "/v5.1.0/libpod/images/pull?reference=docker://registry.example.com:5000/app:1", true},
		{"", "POST", "/v1.41/containers/gone/start", true}, // the engine says so
	} {
		g, _ := newGuard(t, tt.policy, shelf{})
		if d := g.Decide(t.Context(), Request{Method: tt.method, URI: tt.uri}); d.Allow != tt.allow {
			t.Errorf("%s: %s %s: got allow %v, want %v", tt.policy, tt.method, tt.uri, d.Allow, tt.allow)
		}
	}
}
