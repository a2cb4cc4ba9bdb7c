package check

import "testing"

func TestClassify(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       kind
	}{
		{"Dockerfile", "", dockerfileKind},
		{"api/Dockerfile.prod", "", dockerfileKind},
		{"prod.dockerfile", "", dockerfileKind},
		{"Containerfile", "", dockerfileKind},
		{"Dockerfile.dockerignore", "", other},
		{"compose.yaml", "", composeKind},
		{"docker-compose.prod.yml", "", composeKind},
		{"stack.yaml", "\ufeffservices:\n  web: {}\n", composeKind},
		{"stack.yaml", "version: '3'\n\"services\":\n  web: {}\n", composeKind},
		{".gitlab-ci.yml", "services:\n  # the engine\n  - docker:dind\nscript: [docker run x]\n", runKind},
		{".github/workflows/ci.yml", "jobs:\n  a:\n    services:\n      db: {}\n    steps:\n      - run: docker run x\n", runKind},
		{"mkdocs.yml", "nav:\n  - services: x\n", other},
		{"pod.yaml", "apiVersion: v1\nkind: Pod\n", kubeKind},
		{"pod.yaml", "# x\nkind: Pod\napiVersion: v1\n", kubeKind},
		{"pod.yaml", `{"kind": "Pod", "apiVersion": "v1"}`, kubeKind},
		{"pod.json", `{"kind":"Pod","apiVersion":"v1"}`, kubeKind},
		{"kustomization.yaml", "resources: [a]\n", other},
		{"package.json", `{"name": "x"}`, other},
		{"x.json", `[{"HostConfig": {}}]`, containerKind},
		{"x.json", `[{"RootFS": {}, "Config": {}}]`, imageKind},
		{"daemon.json", "{}", daemonKind},
		{"run.sh", "docker run x", runKind},
		{"run.sh", "echo hello", other},
		{"Makefile", "a:\n\tdocker run x\n", runKind},
	} {
		if got := classify(tt.name, []byte(tt.text)); got != tt.want {
			t.Errorf("%s %q: got %d, want %d", tt.name, tt.text, got, tt.want)
		}
	}
}
